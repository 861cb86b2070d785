// The library: what `import { ... } from "thalia"` gives. The command line is made of the same.

export type * from "./engine/engine.ts";
export type { LocalEngineOptions } from "./engine/local/local-engine.ts";
export { openLocalEngine, openScorer } from "./engine/local/open.ts";
export type { Score, Scorer, ScorerOptions } from "./engine/local/scorer.ts";
export { describe, expected, ThaliaError } from "./errors.ts";
export { type Comparison, compareEvaluations } from "./eval/compare.ts";
export { type Domains, type EvaluationDomain, loadDomains } from "./eval/domains.ts";
export {
	type EvaluationHooks,
	type EvaluationOptions,
	evaluateProblems,
} from "./eval/evaluate.ts";
export { readEvaluations } from "./eval/evaluation-folder.ts";
export { majorityCorrect, type Vote } from "./eval/majority.ts";
export { type McNemar, mcnemar } from "./eval/mcnemar.ts";
export type { ProblemResult } from "./eval/problem-result.ts";
export {
	type BootstrapOptions,
	bootstrapInterval,
	type Interval,
	meanAtK,
	pairedDifference,
	passAtK,
} from "./eval/statistics.ts";
export type { Estimates, Evaluation } from "./eval/summarise.ts";
export { type Budget, budgetOf } from "./experiment/budget.ts";
export { ExperimentFolder } from "./experiment/experiment-folder.ts";
export { loadRecords } from "./experiment/load-records.ts";
export { type Experiment, type PlannedCell, readExperiment } from "./experiment/read-experiment.ts";
export {
	buildReport,
	type Report,
	type ReportOptions,
	reportText,
	writeReport,
} from "./experiment/report/index.ts";
export { type GridHooks, type GridResult, runGrid } from "./experiment/run-grid.ts";
export { type RunOutcome, type RunRecord, readRunRecord } from "./experiment/run-record.ts";
export { type ChatMessage, ChatTemplate, type RenderOptions } from "./formats/chat-template.ts";
export { convertGguf } from "./formats/gguf/convert.ts";
export { type DecoderConfig, readDecoderConfig } from "./formats/hf-config.ts";
export { StreamingDecoder } from "./formats/streaming-decoder.ts";
export { loadTokenizer, type Tokenizer } from "./formats/tokenizer.ts";
export { type FetchOptions, fetchRepository, type Progress } from "./hub/fetch-repository.ts";
export { type ResolveModelOptions, resolveModel, resolveRecipeModels } from "./hub/resolve-model.ts";
export { type Bias, exampleSetting, klBias } from "./kl/bias.ts";
export { type Classification, classifyKl, type FollowedObjective } from "./kl/classify.ts";
export * from "./kl/config.ts";
export { assignCredit, CREDITS, type Credit } from "./kl/credit.ts";
export { ESTIMATORS, type Estimator, klDerivatives, klValues } from "./kl/estimators.ts";
export { type Explanation, explainKl } from "./kl/explain.ts";
export { effectiveSampleSize, type Importance, importanceWeights, type Truncation } from "./kl/importance.ts";
export type { LogProbs } from "./kl/log-probs.ts";
export { type NamedConfig, namedConfigs } from "./kl/named.ts";
export { type KlTokens, type KlWeights, klWeights } from "./kl/weights.ts";
export { type TokenBatch, validateBatch } from "./objective/batch.ts";
export * from "./objective/config.ts";
export { type ObjectiveDiagnostics, objectiveDiagnostics } from "./objective/diagnostics.ts";
export { explainObjective } from "./objective/followed.ts";
export { type PreparedObjective, prepareObjective } from "./objective/prepare.ts";
export { batchLoss, scoreWeights, sequenceLoss } from "./objective/weigh.ts";
export { type PretrainRecipe, pretrainRecipe } from "./recipe/pretrain-recipe.ts";
export { readRecipe } from "./recipe/read-recipe.ts";
export { formatRecipe, resolveFields, resolveRecipe } from "./recipe/resolve-recipe.ts";
export { type ResolvedRecipe, type TrainRecipe, trainRecipe } from "./recipe/train-recipe.ts";
export { type CollectOptions, type Rollout, type RolloutGroup, sampleGroups } from "./rollout/collect.ts";
export { makePrompter, type Prompter, type PromptOptions } from "./rollout/prompter.ts";
export { type Manifest, type RunStatus, readManifest } from "./runs/run-directory.ts";
export type { CustomTask } from "./tasks/custom-task.ts";
export type { Dataset } from "./tasks/datasets/dataset.ts";
export { datasetTask } from "./tasks/datasets/dataset-task.ts";
export type { FetchRepository } from "./tasks/datasets/fetch-repository.ts";
export { type DatasetOptions, openDataset } from "./tasks/datasets/open-dataset.ts";
export { readRows } from "./tasks/datasets/read-rows.ts";
export type { Row } from "./tasks/datasets/row.ts";
export type { DatasetEntry } from "./tasks/datasets/schema.ts";
export { families, heldOutFamilies, trainingFamilies, writtenFamilies } from "./tasks/families/index.ts";
export { type Family, isCorrect, makeProblem, type Problem, type WrittenFamily } from "./tasks/family.ts";
export { type LoadedTask, loadTask, type TaskEntry } from "./tasks/load-task.ts";
export {
	type Reward,
	type RewardFunction,
	type RewardInput,
	type Scored,
	scoreAll,
	scoreCompletion,
} from "./tasks/reward.ts";
export { type FamilyShare, familyTask, type SameAnswer, type Split, type Task } from "./tasks/task.ts";
export { loadTaskModule, type TaskModule } from "./tasks/task-module.ts";
export { makeVerifier, verifierKinds } from "./tasks/verifiers/index.ts";
export type { Verdict, Verifier, VerifierInput, VerifierKind } from "./tasks/verifiers/verifier.ts";
export { type PretrainHooks, type PretrainProgress, pretrain } from "./trainer/pretrain.ts";
export type { SkipReason, StepMetrics } from "./trainer/step.ts";
export {
	resumeTraining,
	type StepEvaluation,
	type TrainHooks,
	type TrainResult,
	type TrainStart,
	train,
} from "./trainer/train.ts";
export { version } from "./version.ts";
