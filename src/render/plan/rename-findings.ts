import type { Finding } from '../../model/finding.ts'
import type { Instant } from '../../model/duration.ts'
import { dateTime, relativeTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { unbreakable } from '../text/layout.ts'
import { enumerate, enumerateTexts, nameText } from '../text/values.ts'

type RenameCode = 'rename-held' | 'made-by-other-stack' | 'left-in-former-stack'
type Of<C extends RenameCode> = Extract<Finding, { readonly code: C }>

/** What is said of keys and stacks that were renamed. */
export const renameTexts: {
  readonly [C in RenameCode]: (
    finding: Of<C>,
    now: Instant,
  ) => { readonly message: string; readonly hint: string }
} = {
  'rename-held': heldRename,
  'made-by-other-stack': ({ stack, keyIds }) => ({
    message: `The stack ${nameText(stack)} has live keys with the key id and the name of ${enumerate(keyIds)}. Apply makes new ones, and nobody may manage the others any more.`,
    hint: `If ${nameText(stack)} is what this stack was called before: ${unbreakable(`formerly: [${escapeControls(stack)}]`)} at the top of the configuration takes its keys over.`,
  }),
  'left-in-former-stack': ({ stack, keyIds }) => {
    const [are, they, them] = keyIds.length === 1 ? ['is', 'it is', 'it'] : ['are', 'they are', 'them']
    return {
      message: `${enumerate(keyIds)} of the former stack ${nameText(stack)} ${are} not declared here: ${they} left alone.`,
      hint: `Declare ${them} to take ${them} over, or revoke ${them} with ${unbreakable('fluxloop-keys apikeys delete')}.`,
    }
  },
}

function heldRename({ keyId, cause, names, until }: Of<'rename-held'>, now: Instant) {
  const keys = enumerateTexts(names.map(({ name, liveIds }) => `${nameText(name)} (${enumerate(liveIds)})`))
  switch (cause) {
    case 'both-live':
      return {
        message: `${nameText(keyId)} is left alone, and so is what it was renamed from, since both are in use: ${keys}. They are keys with users of their own.`,
        hint: 'If they are different keys, take the former name out of "previously:" or "formerly:" and declare each. If one is not needed, revoke it by hand.',
      }
    case 'still-made':
      return {
        message: `${nameText(keyId)} is left alone: a stack that this one took over still makes keys for it: ${keys}.`,
        hint: 'Stop the runs of that stack and revoke the key that it made. If it is the stack of another team, take it out of "formerly:".',
      }
    case 'being-made':
      return {
        message: `${nameText(keyId)} is not renamed yet: a run is making a key under its former name: ${keys}.`,
        hint: `Plan again ${until === null ? 'later' : `after ${unbreakable(dateTime(until))} (${relativeTime(until, now)})`}; if that run was interrupted, its key is healed then.`,
      }
  }
}
