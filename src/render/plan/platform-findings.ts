import type { Instant } from '../../model/duration.ts'
import type { UnreadableKey } from '../../model/listing-doubts.ts'
import type { PlatformFinding } from '../../model/platform-finding.ts'
import { dateTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { enumerate, nameText, quotedName } from '../text/values.ts'

interface Words {
  readonly message: string
  readonly hint: string
}

type Of<C extends PlatformFinding['code']> = Extract<PlatformFinding, { readonly code: C }>

/** What is wrong with a key that cannot be understood, without its full stop. */
export function unreadableText({
  id,
  name,
  trouble,
}: Pick<UnreadableKey, 'id' | 'name' | 'trouble'>): string {
  const key = id === null ? 'A key without an id' : nameText(id)
  const which = name === null ? key : `${key} (${quotedName(name)})`
  return `${which} cannot be understood: it ${escapeControls(trouble)}`
}

/** What the planner says of the platform itself, in words. */
export const platformFindings: {
  readonly [C in PlatformFinding['code']]: (finding: Of<C>, now: Instant) => Words
} = {
  'key-unreadable': ({ keyId, liveId, name, trouble }) => {
    const alone = keyId === null ? 'It is left alone.' : `It and all of ${nameText(keyId)} are left alone.`
    return {
      message: `${unreadableText({ id: liveId, name, trouble })}. ${alone}`,
      hint: 'Look at it in the web platform; a newer fluxloop-keys may know what this means.',
    }
  },
  'clock-contradicted': ({ keyIds, liveId, lastUse, at }) => ({
    message: `The platform's clock says ${dateTime(at)}, and that ${nameText(liveId)} was last used at ${dateTime(lastUse)}: they contradict each other, so nobody knows how long a key was unused. Nothing is revoked (${enumerate(keyIds)}).`,
    hint: 'Set the clock of the platform, or of what stands before it, and of this machine. Then plan again.',
  }),
  'environment-unsupported': ({ keyIds }) => ({
    message: `The platform does not say the environment of its keys: the environment that ${enumerate(keyIds)} ${keyIds.length === 1 ? 'declares' : 'declare'} has no effect.`,
    hint: 'Remove "environment:" from the configuration.',
  }),
}
