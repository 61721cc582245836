import type { Instant } from '../../model/duration.ts'
import type { UnknownUse } from '../../model/key-users.ts'
import { plural } from '../../model/plural.ts'
import { escapeControls } from '../text/escape.ts'
import { isoTime, relativeTime } from '../text/time.ts'
import { enumerateTexts, quotedName } from '../text/values.ts'

/** A use that no declared consumer can have made, as JSON; addresses and user agents are null where they are not to be shown. */
export interface UnknownUseJson {
  readonly kind: UnknownUse['kind']
  readonly requests: number | null
  /** More than one: it is one of them at least. */
  readonly addresses: readonly (string | null)[]
  readonly operation: string | null
  readonly project: string | null
  readonly user_agent: string | null
  readonly at: string | null
  readonly id: string | null
}

const nothing = {
  requests: null,
  addresses: [],
  operation: null,
  project: null,
  user_agent: null,
  at: null,
  id: null,
}

export function unknownUseToJson(use: UnknownUse, personal: boolean): UnknownUseJson {
  const shown = <T>(value: T) => (personal ? value : null)
  switch (use.kind) {
    case 'addresses':
      return {
        ...nothing,
        kind: use.kind,
        requests: use.addresses.reduce((sum, { requests }) => sum + requests, 0),
        addresses: use.addresses.map(({ ip }) => shown(ip)),
      }
    case 'operation': {
      const { kind, operation, project, requests } = use
      return { ...nothing, kind, operation, project, requests }
    }
    case 'last-use': {
      const { kind, liveId, at, ip, userAgent } = use
      const addresses = ip === null ? [] : [shown(ip)]
      return { ...nothing, kind, id: liveId, at: isoTime(at), addresses, user_agent: shown(userAgent) }
    }
  }
}

/** One line for people. */
export function unknownUseText(use: UnknownUse, now: Instant, personal: boolean): string {
  const safe = (text: string) => (personal ? escapeControls(text) : '(not shown)')
  switch (use.kind) {
    case 'addresses': {
      const requests = use.addresses.reduce((sum, each) => sum + each.requests, 0)
      const from = enumerateTexts(use.addresses.map(({ ip }) => safe(ip)))
      const one = use.addresses.length === 1 ? '' : ', of which at least one is not ours'
      return `${plural(requests, 'request')} from ${from}${one}`
    }
    case 'operation': {
      const what = use.operation === null ? 'Something' : quotedName(use.operation)
      const where = use.project === null ? '' : ` in ${quotedName(use.project)}`
      return `${what}${where}, ${plural(use.requests, 'time')}`
    }
    case 'last-use': {
      const from = use.ip === null ? '' : ` from ${safe(use.ip)}`
      const as = use.userAgent === null ? '' : ` as ${safe(use.userAgent)}`
      return `The last use${from}${as}, ${relativeTime(use.at, now)}`
    }
  }
}
