/** Gets files of a repository on the Hugging Face hub, or finds them where they were put before. */
export type FetchRepository = (
	repository: { readonly type: "dataset"; readonly id: string; readonly revision?: string },
	options: { readonly wants: (path: string) => boolean },
) => Promise<{ readonly dir: string; readonly commit: string; readonly files: readonly string[] }>;
