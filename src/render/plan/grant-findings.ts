import type { Instant } from '../../model/duration.ts'
import type { Finding } from '../../model/finding.ts'
import { escapeControls } from '../text/escape.ts'
import { unbreakable } from '../text/layout.ts'
import { date, moment, relativeTime } from '../text/time.ts'
import { enumerate, nameText, quotedName } from '../text/values.ts'

type Code = 'grant-near' | 'break-glass-refused' | 'break-glass'
type Of<C extends Code> = Extract<Finding, { readonly code: C }>

interface FindingText {
  readonly message: string
  readonly hint: string
}

const breakGlassStates = {
  active: 'plans keep it until then',
  ended: 'that is over, and the key asks for a rotation',
  'not-allowed':
    'its marker says so, and the policy does not allow it, or no signature shows that we wrote it, so it does not count',
} as const satisfies Record<Of<'break-glass'>['state'], string>

const breakGlassRefusals = {
  'no-rule': {
    message: 'the policy lets nobody do that',
    hint: 'Say who may do it for what and how long: "policy: { breakGlass: [...] }".',
  },
  who: {
    message: 'no rule of "policy.breakGlass" names you as the caller',
    hint: 'fluxloop-keys auth whoami shows who is calling.',
  },
  key: {
    message: 'no rule of "policy.breakGlass" that names you is about this key',
    hint: 'Ask somebody whom the policy names for it.',
  },
  permission: {
    message: 'no rule of "policy.breakGlass" that names you gives this key all of that',
    hint: 'Ask for less, or ask somebody whom the policy names for it.',
  },
  'too-long': {
    message: 'the policy does not allow it for that long',
    hint: 'Ask for a shorter time with --for, and again when that is over.',
  },
  'no-head': {
    message: 'it has no live key at work',
    hint: 'Run apply first.',
  },
  'has-it': {
    message: 'it has that already',
    hint: 'Nothing is to be done.',
  },
  unproven: {
    message: 'nothing but the marker in its description says that it is ours',
    hint: 'Run it where a store that can be read has the secret, or sign markers.',
  },
} as const satisfies Record<Of<'break-glass-refused'>['cause'], FindingText>

/** What is said of permissions and projects that a key has for a time. */
export const grantTexts: { readonly [C in Code]: (finding: Of<C>, now: Instant) => FindingText } = {
  'grant-near': ({ keyId, grant, name, until, reason }, now) => ({
    message: `${nameText(keyId)} has the ${grant} ${grant === 'project' ? quotedName(name) : nameText(name)} until the end of ${unbreakable(date(until - 1))} (${relativeTime(until, now)}): ${quotedName(reason)}. The first apply after that takes it away.`,
    hint: 'If it is needed for longer, give it a new "until:".',
  }),
  'break-glass-refused': ({ keyId, permissions, cause }) => ({
    message: `${nameText(keyId)} is not given ${enumerate(permissions)}: ${breakGlassRefusals[cause].message}.`,
    hint: breakGlassRefusals[cause].hint,
  }),
  'break-glass': ({ keyId, liveId, permissions, until, state }, now) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) was given ${enumerate(permissions)} by break-glass until ${moment(until, now)}: ${breakGlassStates[state]}.`,
    hint:
      state === 'ended'
        ? `Whoever had its secret then may have used it for more. Rotate it: ${unbreakable(`fluxloop-keys rotate ${escapeControls(keyId)}`)}`
        : state === 'active'
          ? 'The first apply after that takes it away.'
          : 'If it is right, let "policy.breakGlass" allow it; otherwise apply takes it away.',
  }),
}
