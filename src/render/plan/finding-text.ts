import type { Finding } from '../../model/finding.ts'
import type { Instant } from '../../model/duration.ts'
import { grantTexts } from './grant-findings.ts'
import { leftHint, leftStores, wayOut, whyNot } from './finding-causes.ts'
import { renameTexts } from './rename-findings.ts'
import { platformFindings } from './platform-findings.ts'
import { date, durationInWords, moment, relativeTime } from '../text/time.ts'
import { escapeControls } from '../text/escape.ts'
import { unbreakable } from '../text/layout.ts'
import { enumerate, enumerateTexts, nameText, plural, quotedName } from '../text/values.ts'

interface FindingText {
  /** What is wrong, in full sentences. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

type Code = Finding['code']
type Of<C extends Code> = Extract<Finding, { readonly code: C }>

/** One entry a code; the type makes sure that none is forgotten. */
const texts: { readonly [C in Code]: (finding: Of<C>, now: Instant) => FindingText } = {
  ...renameTexts,
  ...platformFindings,
  ...grantTexts,
  'name-taken': ({ keyId, name, liveIds }) => {
    const [ids, them] = [enumerate(liveIds), liveIds.length === 1 ? 'it' : 'them']
    return {
      message: `${nameText(keyId)} cannot be created: ${ids} has the name ${quotedName(name)} and is not managed.`,
      hint: `To take ${them} over, declare ${unbreakable(`adopt: ${escapeControls(liveIds[0] ?? '')}`)}. Or rename or revoke ${ids}, or give ${nameText(keyId)} another name.`,
    }
  },
  'cannot-adopt': finding => ({
    message: `${nameText(finding.keyId)} cannot adopt ${nameText(finding.adopt)}: ${whyNot(finding)}.`,
    hint: wayOut(finding),
  }),
  'adopt-ignored': ({ keyId, liveId }) => ({
    message: `${nameText(keyId)} has a live key already, so ${nameText(liveId)}, which its "adopt:" names, is left alone.`,
    hint: `Declare ${nameText(liveId)} as a key of its own, or remove the line.`,
  }),
  'end-withheld': ({ keyId, liveId, cause, wanted, current }, now) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) is declared to end ${moment(wanted, now)}, and ${current === null ? 'never ends' : `ends ${moment(current, now)}`}: an end that is past or near is never written. ${
      cause === 'adopted' ? 'It was adopted, so it is not rotated unasked.' : 'A fixed date is never renewed.'
    }`,
    hint:
      cause === 'adopted'
        ? `To make a successor that ends as declared: ${unbreakable(`fluxloop-keys rotate ${escapeControls(keyId)}`)}`
        : 'Declare a later date, or revoke the key and remove its declaration.',
  }),
  'rotate-by-hand': ({ keyId, liveId, cause, at }, now) => {
    const key = `${nameText(keyId)} (${nameText(liveId)})`
    const end = at === null ? '' : moment(at, now)
    const happens = {
      environment: `${key} is of another environment than declared, which the platform cannot change.`,
      ends: `${key} ${at !== null && at <= now ? 'ended' : 'ends'} ${end}.`,
      'will-end': `${key} is given an end: ${end}. Whoever uses it loses access then.`,
    }[cause]
    return {
      message: `${happens} ${cause === 'will-end' ? 'An adopted key is not rotated unasked.' : 'It was adopted, so it is not rotated unasked.'}`,
      hint: `To make a successor with a new secret, and deliver it: ${unbreakable(`fluxloop-keys rotate ${escapeControls(keyId)}`)}`,
    }
  },
  'grants-beyond-caller': ({ keyId, permissions, held, scope }) => {
    const beyond = [
      ...(permissions.length > 0 ? [`the permissions ${enumerate(permissions)}`] : []),
      ...(scope === 'all' ? ['all projects'] : scope.length > 0 ? [`the projects ${enumerate(scope)}`] : []),
    ].join(', and ')
    return {
      message: `${nameText(keyId)} would be granted what the calling key does not hold itself: ${beyond}.${
        permissions.length > 0 ? ` The platform says that it has: ${enumerate(held)}.` : ''
      }`,
      hint: `Run with a key that holds them, or declare less for ${nameText(keyId)}.`,
    }
  },
  'unknown-project': ({ keyId, project, suggestion }) => ({
    message: `The scope of ${nameText(keyId)} names the project ${quotedName(project)}, which does not exist.`,
    hint:
      suggestion === null
        ? 'Create the project first, or correct the name.'
        : `Did you mean ${quotedName(suggestion)}?`,
  }),
  limit: ({ action, count, live, allowed, share, always, keyIds }) => {
    const keys = `${count} of ${plural(live, 'key')} (${percent(live === 0 ? 1 : count / live)})`
    // Some way above what the configuration allows, where the user has already raised it for this run.
    const raised = allowed > Math.max(always, Math.floor(share * live)) ? `; this run allows ${allowed}` : ''
    const limit = `the limit is ${percent(share)}, and at least ${always}${raised}`
    return action === 'revoke'
      ? {
          message: `${keys} would be revoked; ${limit}. ${count === 1 ? 'It is not' : 'None of them is'} revoked.`,
          hint: `To allow it for this run: ${unbreakable(`--max-revoke ${count}`)}`,
        }
      : {
          message: `${keys} ${count === 1 ? 'is' : 'are'} due for rotation; ${limit}. ${plural(keyIds.length, 'rotation')} ${keyIds.length === 1 ? 'is' : 'are'} deferred to later runs, the least urgent ones.`,
          hint: `To rotate all of them in this run: ${unbreakable(`--max-rotate ${count}`)}`,
        }
  },
  'unused-declared': ({ keyId, liveId, after }) => ({
    message: `Nobody used ${nameText(keyId)} (${nameText(liveId)}) for ${durationInWords(after)}.`,
    hint: 'Remove it from the configuration if it has lost its purpose.',
  }),
  'widening-forbidden': ({ by, changes, widened }) => {
    const keys = widened.map(({ keyId, fields }) => `${nameText(keyId)} (${fields.join(', ')})`)
    const [some, grant] = [
      `${widened.length} of ${plural(changes, 'change')}`,
      widened.length === 1 ? 'grants' : 'grant',
    ]
    return {
      message: `${some} ${grant} more than the key has, which ${forbidders[by]} forbids: ${enumerateTexts(keys)}.`,
      hint: wideningHints[by],
    }
  },
  'policy-failed': ({ failOn, found }) => {
    const rules = new Map<string, Set<string>>()
    for (const { keyId, rule } of found) rules.set(keyId, (rules.get(keyId) ?? new Set()).add(rule))
    const keys = [...rules].map(
      ([keyId, each]) => `${nameText(keyId)} (${[...each].map(nameText).join(', ')})`,
    )
    return {
      message: `${plural(found.length, 'finding')} of audit ${found.length === 1 ? 'is' : 'are'} ${failOn} or worse, which the policy does not let pass: ${enumerateTexts(keys)}.`,
      hint: `Declare less, or an exception that ends. ${unbreakable('fluxloop-keys audit --offline')} tells what to do.`,
    }
  },
  'not-rotated': ({ keyId, cause }) => ({
    message: `${nameText(keyId)} is not rotated, though it was asked for: ${notRotated[cause].message}.`,
    hint: notRotated[cause].hint,
  }),
  'listing-narrowed': ({ keyIds }) => ({
    message: `The platform may not have listed every key, since the calling key does not reach all projects. What is made or renamed for ${enumerate(keyIds)} could be a second key.`,
    hint: 'Run with a key whose scope is all projects, and plan again.',
  }),
  'listing-incomplete': ({ keyIds }) => ({
    message: `The platform did not list every key. What is made or renamed for ${enumerate(keyIds)} could be a second key.`,
    hint: 'Plan again when the platform lists all keys.',
  }),
  stale: ({ keyId }) => ({
    message: `The plan is stale for ${nameText(keyId)}, which is no longer as the plan found it.`,
    hint: `Make a new plan file with ${unbreakable('plan --out FILE')}.`,
  }),
  'too-many-pending': ({ keyId, liveIds }) => ({
    message: `${nameText(keyId)} has ${plural(liveIds.length, 'key')} that interrupted runs made and nobody received (${enumerate(liveIds)}): no other is added.`,
    hint: 'Find out why delivery fails, see that no other run is at work, and revoke these keys.',
  }),
  'prune-withheld': ({ cause, keyIds }) => {
    const because = pruneCauses[cause]
    return {
      message: `${enumerate(keyIds)} ${keyIds.length === 1 ? 'is' : 'are'} not declared, but nothing is revoked for that: ${because.message}.`,
      hint: because.hint,
    }
  },
  protected: ({ keyId, liveId }) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) is no longer declared, but protected: it is not revoked.`,
    hint: 'To revoke it, declare it once more with "protect: false", apply, and remove it then.',
  }),
  'calling-key': ({ keyId, liveId, action }) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) is the key that this run calls with: it is not ${callingVerbs[action]} by its own run.`,
    hint: 'Run with another key that may manage keys.',
  }),
  'other-host': ({ keyId, liveId, action }) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) was ${action === 'heal' ? 'made' : 'delivered'} on another host or in another folder of this one. It is due, and not ${hostVerbs[action]} from here.`,
    hint: `Run apply there, as the same user, or move it here with ${unbreakable('--take-over')}.`,
  }),
  'store-left': finding => ({
    message: `${nameText(finding.keyId)} (${nameText(finding.liveId)}) ${leftStores(finding)}`,
    hint: leftHint(finding),
  }),
  'being-made': ({ keyId, liveId, until, lacksSuccessor }, now) =>
    lacksSuccessor
      ? {
          message: `${nameText(keyId)} (${nameText(liveId)}) was replaced, and the key that took its place is gone, or another run is still making it: ${nameText(keyId)} is left alone until ${moment(until, now)}.`,
          hint: 'Plan again then: what is gone is replaced.',
        }
      : {
          message: `${nameText(keyId)} (${nameText(liveId)}) is being made by another run: it is left alone until ${moment(until, now)}.`,
          hint: 'Plan again then; if that run was interrupted, its key is healed.',
        },
  'date-near': ({ keyId, at }, now) => ({
    message: `${nameText(keyId)} ends on ${unbreakable(date(at))} (${relativeTime(at, now)}), as declared. A fixed date is never renewed.`,
    hint: 'Declare a later date, or a period such as 90d.',
  }),
  'date-past': ({ keyId, at }, now) => ({
    message: `${nameText(keyId)} ended on ${unbreakable(date(at))} (${relativeTime(at, now)}), as declared. A fixed date is never renewed.`,
    hint: 'Declare a later date, or a period such as 90d.',
  }),
  'not-live': ({ keyIds }) => ({
    message: `${enumerate(keyIds)} ${keyIds.length === 1 ? 'is' : 'are'} declared and ${keyIds.length === 1 ? 'has' : 'have'} no live key.`,
    hint: 'A key that somebody deleted leaves nothing behind that tells it from a new one. plan shows what apply would do.',
  }),
  'not-narrowed': ({ keyId, liveId, fields }) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) retires and has ${enumerate(fields)} that its declaration does not have at all. Nothing would remain, so it stays as it is until it is revoked.`,
    hint: `If it must not wait for its grace: ${unbreakable(`fluxloop-keys rotate ${escapeControls(keyId)} --now`)}`,
  }),
  unproven: ({ keyId, liveId, fields }) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) does not get more ${enumerate(fields)}: nothing but the marker in its description says that it is ours, and anybody who may edit keys can write that.`,
    hint: `Name it by its id (${unbreakable(`adopt: ${escapeControls(liveId)}`)}), or make a successor: ${unbreakable(`fluxloop-keys rotate ${escapeControls(keyId)}`)}`,
  }),
  'not-signed': ({ keyId, liveId }) => ({
    message: `${nameText(keyId)} (${nameText(liveId)}) is not signed: no store that can be read here holds its secret, and no signature shows that it is ours.`,
    hint: `Its next rotation signs it: ${unbreakable(`fluxloop-keys rotate ${escapeControls(keyId)}`)}`,
  }),
  'marker-copied': ({ keyId, liveId, name }) => ({
    message: `${nameText(liveId)} (${quotedName(name)}) carries the marker of another key of ${nameText(keyId)}: somebody copied a description, or made the key from a template. It is not managed, and is left alone.`,
    hint: `Take the marker out of its description on the platform. To manage the key, declare ${unbreakable(`adopt: ${escapeControls(liveId)}`)}.`,
  }),
  'marker-unreadable': ({ liveId, name }) => ({
    message: `${nameText(liveId)} (${quotedName(name)}) has a marker in its description that cannot be read: it was edited or cut, or a newer version wrote it. It is left alone.`,
    hint: 'Restore its description on the platform, or take the marker out if nothing is to manage it.',
  }),
}

const forbidders = { policy: "the configuration's policy", flag: '--forbid widening' } as const
const wideningHints = {
  policy: `To allow it for this run: ${unbreakable('--allow widening')}`,
  flag: `To allow it, leave out ${unbreakable('--forbid widening')}.`,
} as const

const pruneCauses = {
  'no-keys-declared': {
    message: 'the configuration declares no key at all',
    hint: 'If these keys are to go, revoke them by hand; an empty configuration never does. To release them all: "keys: {}" and "prune: { removed: retain }".',
  },
  'listing-narrowed': {
    message: 'the calling key does not reach all projects, so the listing may be narrowed',
    hint: 'Run with a key whose scope is all projects.',
  },
  'listing-incomplete': {
    message: "the platform's listing may be incomplete",
    hint: 'Plan again when the platform lists all keys.',
  },
  'key-held': {
    message: 'a declared key is held back, and one of these may be the one that it lacks',
    hint: 'See to what is held back first.',
  },
  'key-unreadable': {
    message: 'a key of the account cannot be understood',
    hint: 'Look at that key in the web platform, then plan again.',
  },
} as const satisfies Record<Of<'prune-withheld'>['cause'], FindingText>

const notRotated = {
  'not-adopted': {
    message: 'its "adopt:" has not been applied yet',
    hint: 'Run apply first, then ask again.',
  },
  'date-past': {
    message: 'its successor would have ended before it began, by the fixed date that is declared',
    hint: 'Declare a later date, or a period such as 90d, and ask again.',
  },
  'key-unreadable': {
    message: 'a live key of it cannot be understood',
    hint: 'Look at that key in the web platform, and ask again.',
  },
  pending: {
    message: 'a successor was made already, and is not delivered',
    hint: `Finish that first, as its warning says; where others know the secret, ask with ${unbreakable('--now')}.`,
  },
  'other-host': {
    message: 'it was delivered on another host or in another folder of this one',
    hint: `Run this there, as the same user, or move it here with ${unbreakable('--take-over')}.`,
  },
} as const satisfies Record<Of<'not-rotated'>['cause'], FindingText>

const callingVerbs = { revoke: 'revoked', narrow: 'narrowed' } as const satisfies Record<
  Of<'calling-key'>['action'],
  string
>
const hostVerbs = { heal: 'healed', deliver: 'delivered again', rotate: 'rotated' } as const satisfies Record<
  Of<'other-host'>['action'],
  string
>

/** What a finding says and what to do about it; names inside are kept on one line by `wrap`. */
export function findingText(finding: Finding, now: Instant): FindingText {
  const text = texts[finding.code] as (finding: Finding, now: Instant) => FindingText
  return text(finding, now)
}

/** `30%`; one decimal where it is not whole. */
function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`
}
