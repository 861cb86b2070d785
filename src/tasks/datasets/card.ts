import { join } from "node:path";
import { readRecipe } from "../../recipe/read-recipe.ts";
import { cardFolder } from "./card-names.ts";
import { type Card, cardSchema, type GroupCard } from "./schema.ts";

/** A card that is shipped, by its name, or one's own, by its path. @throws ThaliaError as `readRecipe` */
export function readCard(nameOrPath: string): Card | GroupCard {
	const path = /\.ya?ml$/.test(nameOrPath) ? nameOrPath : join(cardFolder, `${nameOrPath}.yaml`);
	return readRecipe(cardSchema, path);
}
