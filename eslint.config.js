import tseslint from "typescript-eslint";

const strict = tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] }));

export default tseslint.config(
	{ ignores: ["dist", "dist-*", "node_modules", "coverage", "runs", "native/build"] },
	...strict,
	{
		files: ["**/*.ts"],
		languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
		rules: {
			"@typescript-eslint/restrict-template-expressions": [
				"error",
				{ allowNumber: true, allowBoolean: true },
			],
			"@typescript-eslint/no-non-null-assertion": "off",
			"@typescript-eslint/consistent-type-imports": "error",
			"@typescript-eslint/no-confusing-void-expression": "off",
			"@typescript-eslint/unified-signatures": "off",
			// Type parameters name what is read from JSON.
			"@typescript-eslint/no-unnecessary-type-parameters": "off",
			"@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
			"no-restricted-syntax": [
				"error",
				{ selector: "ExportDefaultDeclaration", message: "Name what you export." },
			],
		},
	},
	{ files: ["vitest.config.ts"], rules: { "no-restricted-syntax": "off" } },
);
