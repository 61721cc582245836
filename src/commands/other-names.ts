import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { escapeControls } from '../render/text/escape.ts'
import { envFilesOf, otherNameHint, otherNames } from '../stores/other-name.ts'

/** Warns of env files with a line that the platform's own client reads and no delivery writes: after a rotation it is dead. */
export function warnOfOtherNames({ keys }: DesiredState, { stderr }: Context): void {
  const specs = envFilesOf(keys.flatMap(({ stores }) => stores.map(({ spec }) => spec)))
  for (const found of otherNames(specs)) {
    const path = escapeControls(found.path)
    stderr.print(
      `Warning: ${path} has another value under ${found.stale} than under ${found.written}, which alone is written. ` +
        `The platform's own client may read the former, which dies with the next rotation. ${otherNameHint(found)}`,
    )
  }
}
