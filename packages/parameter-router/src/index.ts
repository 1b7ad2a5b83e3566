export {
  type CreateGenerator,
  createParameterHeads,
  type HeadInputs,
  type HeadRequest,
  type ParameterHeads,
  type ParameterHeadsOptions,
} from "./create-parameter-heads.ts";
export { enumerateSettings, SETTINGS_LIMIT } from "./enumerate-settings.ts";
export { loraTargets, openWeightsMask } from "./lora-targets.ts";
export { validateSettings } from "./validate-settings.ts";
