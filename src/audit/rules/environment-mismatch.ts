import { type Environment, isEnvironment } from '../../model/environment.ts'
import { environmentOf } from '../audited-key.ts'
import { type Rule, clean, evidence } from '../rule.ts'

/** Words of names that say where a key is used. `ci/cd` is two of them. */
const words: Readonly<Record<string, Environment>> = {
  dev: 'dev',
  development: 'dev',
  stg: 'stg',
  stage: 'stg',
  staging: 'stg',
  prod: 'prod',
  production: 'prod',
  ci: 'ci',
}

/** Most names have none of them. */
const anyWord = new RegExp(`(?<![a-z0-9])(?:${Object.keys(words).join('|')})(?![a-z0-9])`)

const none: readonly Environment[] = []

function named(text: string): readonly Environment[] {
  const small = text.toLowerCase()
  if (!anyWord.test(small)) return none
  const found = small
    .split(/[^a-z0-9]+/)
    .flatMap(word => (Object.hasOwn(words, word) ? (words[word] ?? []) : []))
  return [...new Set(found)]
}

/** `flux_prod_****...abc` */
function prefixOf(maskedKey: string): Environment | null {
  const start = maskedKey.indexOf('_') + 1
  const end = maskedKey.indexOf('_', start)
  const prefix = maskedKey.slice(start, end < 0 ? undefined : end)
  return start > 0 && isEnvironment(prefix) ? prefix : null
}

/** A name may say two of them, as "CI of staging" does: one that fits is enough. */
export const environmentMismatch: Rule = key => {
  if (key.kind !== 'declared') return clean
  const { desired, head } = key
  const environment = environmentOf(key)
  if (environment === null) return clean
  const prefix = head === null ? null : prefixOf(head.maskedKey)
  const said = [...named(desired.name), ...named(desired.keyId)]
  if (said.length > 0 && !said.includes(environment))
    return [
      {
        message: `Its name says ${said[0] ?? ''}, and its environment is ${environment}`,
        evidence: evidence({ environment, named: [...new Set(said)], prefix }),
        remedy: 'Correct the name or the environment; another environment makes a new key.',
      },
    ]
  if (prefix === null || prefix === environment) return clean
  return [
    {
      message: `Its secret begins with flux_${prefix}_, and its environment is ${environment}`,
      evidence: evidence({ environment, prefix }),
      remedy: 'Rotate it: a successor gets the prefix of its environment.',
    },
  ]
}
