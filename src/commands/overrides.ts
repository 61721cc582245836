import { Failure } from '../model/failure.ts'
import type { ApprovedOptions } from '../plan/plan-file.ts'
import { shellWord } from '../model/shell-word.ts'

type Overrides = Pick<
  ApprovedOptions,
  'targets' | 'maxRevoke' | 'maxRotate' | 'revokeInUse' | 'takeOver' | 'widening' | 'sign'
>

/** A word as a POSIX shell takes it. It may come from a forged file, and whoever reads it may copy it. */
function foreignWord(text: string): string {
  return shellWord(text.slice(0, 200).replace(/[^ -~]/g, '?'))
}

/**
 * The flags that make a plan one of some keys, or let it do what the configuration or the policy forbids. `--forbid` is none of
 * them: it only tightens.
 */
export function overrideFlags(overrides: Overrides): readonly string[] {
  const { targets, maxRevoke, maxRotate, revokeInUse, takeOver, widening, sign } = overrides
  const each = (flag: string, values: readonly string[]) =>
    [...new Set(values)].sort().map(value => `${flag} ${foreignWord(value)}`)
  return [
    ...each('--only', targets.only),
    ...each('--except', targets.except),
    ...(maxRevoke === null ? [] : [`--max-revoke ${maxRevoke}`]),
    ...(maxRotate === null ? [] : [`--max-rotate ${maxRotate}`]),
    ...each('--revoke-in-use', revokeInUse),
    ...(takeOver ? ['--take-over'] : []),
    ...(widening === 'allow' ? ['--allow widening'] : []),
    ...(sign ? ['--sign'] : []),
  ]
}

/**
 * Holds the flags of `apply FILE` against those that the file was made with. Anybody may have written the file, so what it says
 * loosens nothing: whoever applies it says it again. `choice`: the flags that name the configuration and the platform. Throws a usage `Failure` where one side has a flag that the other lacks.
 */
export function requireRepeated(
  file: string,
  approved: Overrides,
  asked: Overrides,
  choice: readonly string[] = [],
): void {
  const given = overrideFlags(asked)
  const needed = overrideFlags(approved)
  const missing = needed.filter(flag => !given.includes(flag))
  if (missing.length > 0) {
    throw new Failure(
      'usage',
      `${file} was made with ${missing.join(' ')}, which apply does not take from a file`,
      {
        hints: [
          'Nothing was changed. Where that is what you approve, say it again:',
          `fluxloop-keys apply ${[foreignWord(file), ...choice, ...needed].join(' ')}`,
        ],
      },
    )
  }
  const surplus = given.find(flag => !needed.includes(flag))
  if (surplus === undefined) return
  throw new Failure('usage', `${surplus} does not go with ${file}, which was made without it`, {
    hints: [`Give ${surplus} to plan --out FILE too.`],
  })
}
