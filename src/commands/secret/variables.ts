import { Failure } from '../../model/failure.ts'
import { whyReserved } from '../../model/reserved-variable.ts'

/** A variable and the key whose secret it gets. */
export interface Variable {
  readonly name: string
  readonly keyId: string
}

/** What the platform's own programs read. */
const usualName = 'FLUXLOOP_API_KEY'

function usage(message: string, ...hints: readonly string[]): Failure {
  return new Failure('usage', message, { hints })
}

/** `CI_PIPELINE_KEY` for `ci-pipeline`: only ever proposed. */
function proposal(keyId: string): string {
  return `${keyId.replaceAll(/\W/g, '_').toUpperCase()}_KEY=${keyId}`
}

function requireName(name: string): string {
  const why = whyReserved(name)
  if (why !== null) throw usage(`${name} ${why}, so no secret may be in it`, 'Give it another name.')
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  throw usage(
    `\`${name}\` is not a name of a variable`,
    'A name has letters, digits and _, and does not begin with a digit.',
    ...(name.includes('=')
      ? [`Where a key is to have a name of its own, say so without --env: ${name}`]
      : []),
  )
}

function requireDistinct(variables: readonly Variable[]): void {
  for (const [index, { name, keyId }] of variables.entries()) {
    const before = variables.slice(0, index).find(other => other.name === name)
    if (before === undefined) continue
    if (before.keyId === keyId) throw usage(`${keyId} is there twice`, 'Name it once.')
    throw usage(
      `Both ${before.keyId} and ${keyId} would be ${name}`,
      `Say which is which: ${proposal(before.keyId)} ${proposal(keyId)}`,
    )
  }
}

/**
 * Reads `KEY` and `NAME=KEY`. A key without a name gets `FLUXLOOP_API_KEY`, or the names that `--env` gives; no variable
 * may have two keys. Throws a usage `Failure`.
 */
export function variablesOf(words: readonly string[], env: readonly string[]): readonly Variable[] {
  const [given] = env
  if (given !== undefined && words.every(word => word.includes('='))) {
    throw usage(`--env ${given} is for a key without a name, and there is none`, 'Leave --env out.')
  }
  const bare = given === undefined ? [usualName] : [...new Set(env)].map(requireName)
  const variables = words.flatMap(word => {
    const sign = word.indexOf('=')
    const [names, keyId] =
      sign < 0 ? [bare, word] : [[requireName(word.slice(0, sign))], word.slice(sign + 1)]
    if (keyId === '') throw usage(`\`${word}\` names no key`, `As in: ${names.join(' ')}=ci-pipeline`)
    return names.map(name => ({ name, keyId }))
  })
  requireDistinct(variables)
  return variables
}
