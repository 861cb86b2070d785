// A task of one's own: addition, where a right answer is worth more the fewer letters it took to get there.
import { familyTask, isCorrect, type RewardFunction, type Task } from "thalia";

/** Letters that cost nothing. */
const free = 12;
const costPerLetter = 0.02;

/**
 * 1 for a right and brief answer, less for a long one, 0 for a wrong one. It may be an async function; where
 * it throws, the completion has no reward and its group is left out, counted and shown.
 */
const reward: RewardFunction = ({ problem, completion }) => {
	if (!isCorrect(problem, completion)) return 0;
	return Math.max(0.2, 1 - costPerLetter * Math.max(0, completion.length - free));
};

/** What RL learns from; `problems(split, count, seed)` may come from anywhere, here from a procedural family. */
export const train: Task = { ...familyTask([{ family: "add", levels: [1, 2] }], "brief-addition"), reward };

/** What it is evaluated on besides, without having been trained on it. */
export const heldOut: Task = familyTask([{ family: "sub", levels: [1, 2] }]);
