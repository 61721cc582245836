import { onePassword } from './1password.ts'
import { awsSecretsManager } from './aws-secrets-manager.ts'
import { azureKeyVault } from './azure-key-vault.ts'
import { doppler } from './doppler.ts'
import { gcpSecretManager } from './gcp-secret-manager.ts'
import { githubActions } from './github-actions.ts'
import { gitlabCi } from './gitlab-ci.ts'
import { kubernetes } from './kubernetes.ts'
import { pass } from './pass.ts'
import { vault } from './vault.ts'
import type { Preset, Settings } from './preset.ts'

/** The presets by their names in a configuration. */
export const presets = {
  'github-actions': githubActions,
  'gitlab-ci': gitlabCi,
  vault,
  'aws-secrets-manager': awsSecretsManager,
  'gcp-secret-manager': gcpSecretManager,
  'azure-key-vault': azureKeyVault,
  kubernetes,
  '1password': onePassword,
  pass,
  doppler,
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof presets

export const presetNames = Object.keys(presets) as readonly PresetName[]

/** The same table, to look at without knowing which preset it is. */
export function presetOf(name: PresetName): Preset {
  return presets[name]
}

/** Vault and pass read `/a/b/` as `a/b`. */
function withoutSlashes(setting: string, text: string): string {
  return setting === 'path' || setting === 'mount' ? text.split('/').filter(Boolean).join('/') : text
}

/** What of a preset's settings says where the secret is: where it is the same, one secret overwrites the other. */
export function presetPlace(name: PresetName, settings: Settings): readonly (readonly [string, string])[] {
  const { defaults = {}, within = [], caseless = false } = presetOf(name)
  return Object.entries({ ...defaults, ...settings })
    .filter(([setting]) => !within.includes(setting))
    .map(
      ([setting, text]) => [setting, withoutSlashes(setting, caseless ? text.toLowerCase() : text)] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
