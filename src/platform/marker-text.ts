import { second } from '../model/duration.ts'
import type { Ownership } from '../model/live-key.ts'
import {
  type Binding,
  type EmergencyGrant,
  type FieldHashes,
  type Marker,
  type MarkerState,
  markedFields,
} from '../model/marker.ts'
import { allPermissions } from '../model/permission.ts'
import { maximumFormerStores } from '../model/removal.ts'
import { storeHashDigits } from '../model/store.ts'

/**
 * The marker at the end of a managed key's description:
 *
 *     [fk1 acme-agents/ci-pipeline g3 k3x9v0q2ma b1a2b3c4d delivered:no34z:t2k9a1 h1f0c22ab f00a1b2c3d4e5 s9b1c77d0a1b2 r12ab34 p]
 *      │   stack/key id          │  nonce      │         state:visible end:time host     fields        stores    │     protected
 *      format version            generation    bound to this key                                                former stores
 *
 * A key that was given more in an emergency says ` x104:t2k9a1` before the signature: which of the nine permissions, and until when.
 * Until its first PATCH a marker is bound to a moment (`@t2k9a1`) instead. A retiring key says `retiring:successor:marked:end of
 * grace:delivered`. Times are whole seconds since 1970 in base 36; `h`, `s`, `r`, `p`, `x` and the signature (`~...`) are left out where there is nothing to
 * say. The order is fixed and every marker has exactly one way to be written, so whatever is not that is not a marker.
 */

/** What the platform lets a description have, marker included (assumed). */
export const maximumDescription = 500

/** Enough for 2,483 years. */
const digitsOfTime = 7

const markerText = /\[fk1 [^[\]]*\]/g
const anyMarkerText = /\[fk\d/g

/** Its groups have no names: an object of them for each of thousands of markers takes longer than the rest. */
const grammar = new RegExp(
  '^\\[fk1 ' +
    '([a-z0-9][a-z0-9-]{0,39})/([a-z0-9][a-z0-9_-]{0,62}) ' + // stack, key id
    'g([1-9]\\d{0,5}) ' + // generation
    '([a-z0-9]{10}) ' + // nonce
    '(?:b([0-9a-f]{8})|@([0-9a-z]{1,7})) ' + // key, or moment
    '([a-z]+)((?::[A-Za-z0-9_+/=-]{1,16})*)' + // state, details
    '(?: h([0-9a-f]{8}))?' + // host
    ' f([0-9a-f]{12})' + // fields
    `(?: s((?:[0-9a-f]{${storeHashDigits}})+))?` + // stores
    `(?: r((?:[0-9a-f]{${storeHashDigits}})+))?` + // former stores
    '( p)?' + // protected
    '(?: x([0-9a-f]{3}):([0-9a-z]{1,7}))?' + // granted, its end
    '(?: ~([A-Za-z0-9_-]{86}))?' + // signature
    '\\]$',
)

function formatInstant(at: number): string {
  return Math.ceil(at / second).toString(36)
}

/** NaN for what is later than any time that a marker has room for. */
function parseInstant(text: string): number {
  if (text.length > digitsOfTime) return Number.NaN
  return Number.parseInt(text, 36) * second
}

function formatState(state: MarkerState): string {
  switch (state.kind) {
    case 'delivered':
      return `delivered:${state.visibleEnd}:${formatInstant(state.at)}`
    case 'retiring': {
      const delivered = state.delivered === null ? nothing : formatInstant(state.delivered)
      return `retiring:${state.successor}:${formatInstant(state.at)}:${formatInstant(state.graceUntil)}:${delivered}`
    }
    case 'released':
      return `released:${formatInstant(state.at)}`
    case 'pending':
    case 'external':
    case 'leaked':
      return state.kind
  }
}

/** Stands for a time that there is not. */
const nothing = '-'

/** `details`: `:no34z:t2k9a1` */
function parseState(kind: string, details: string): MarkerState | null {
  const [, first, second, third, fourth] = details.split(':')
  switch (kind) {
    case 'pending':
    case 'external':
    case 'leaked':
      return { kind }
    case 'released':
      return first === undefined ? null : { kind, at: parseInstant(first) }
    case 'delivered':
      if (first === undefined || second === undefined) return null
      return { kind, visibleEnd: first, at: parseInstant(second) }
    case 'retiring':
      if (first === undefined || second === undefined || third === undefined || fourth === undefined)
        return null
      return {
        kind,
        successor: first,
        at: parseInstant(second),
        graceUntil: parseInstant(third),
        delivered: fourth === nothing ? null : parseInstant(fourth),
      }
    default:
      return null
  }
}

function formatBinding(binding: Binding): string {
  return binding.kind === 'key' ? `b${binding.hash}` : `@${formatInstant(binding.at)}`
}

function parseBinding(key: string | undefined, moment: string | undefined): Binding {
  return key === undefined ? { kind: 'moment', at: parseInstant(moment ?? '') } : { kind: 'key', hash: key }
}

/** In the order of `markedFields`. */
function parseFields(digits: string): FieldHashes {
  return {
    name: digits.slice(0, 2),
    description: digits.slice(2, 4),
    scope: digits.slice(4, 6),
    permissions: digits.slice(6, 8),
    expires: digits.slice(8, 10),
    environment: digits.slice(10, 12),
  }
}

function parseHashes(digits: string): readonly string[] {
  if (digits.length <= storeHashDigits) return digits === '' ? [] : [digits]
  return Array.from({ length: digits.length / storeHashDigits }, (_, index) =>
    digits.slice(index * storeHashDigits, (index + 1) * storeHashDigits),
  )
}

/** `x104:t2k9a1`: a bit for each of the nine permissions in the platform's order, the first one highest, and the end. */
function formatGrant({ permissions, until }: EmergencyGrant): string {
  const bits = allPermissions.reduce((sum, name) => 2 * sum + Number(permissions.includes(name)), 0)
  return `x${bits.toString(16).padStart(3, '0')}:${formatInstant(until)}`
}

function parseGrant(granted: string | undefined, end: string | undefined): EmergencyGrant | null {
  if (granted === undefined || end === undefined) return null
  const bits = Number.parseInt(granted, 16)
  const highest = allPermissions.length - 1
  const permissions = allPermissions.filter((_, index) => ((bits >> (highest - index)) & 1) === 1)
  return { permissions: permissions.toSorted(), until: parseInstant(end) }
}

/** Times lose their milliseconds, upwards: a marker's time is never before the moment it speaks of. */
export function formatMarker(marker: Marker): string {
  const { signature } = marker
  const unsigned = formatUnsigned(marker)
  return signature === null ? unsigned : `${unsigned.slice(0, -1)} ~${signature}]`
}

/** The same without its signature: what a signature is over. */
export function formatUnsigned(marker: Marker): string {
  const { host, stores, formerStores, grant } = marker
  const fields = markedFields.map(field => marker.fields[field]).join('')
  return (
    `[fk1 ${marker.stack}/${marker.keyId} g${marker.generation} ${marker.nonce} ` +
    `${formatBinding(marker.binding)} ${formatState(marker.state)}` +
    (host === null ? '' : ` h${host}`) +
    ` f${fields}` +
    (stores.length === 0 ? '' : ` s${stores.join('')}`) +
    (formerStores.length === 0 ? '' : ` r${formerStores.join('')}`) +
    (marker.protected ? ' p' : '') +
    (grant === null ? '' : ` ${formatGrant(grant)}`) +
    ']'
  )
}

/** Strict: null for whatever `formatMarker` would not have written just so. */
export function parseMarker(text: string): Marker | null {
  const match = grammar.exec(text)
  if (match === null) return null
  const kind = match[7] ?? ''
  const details = match[8] ?? ''
  const state = parseState(kind, details)
  const binding = parseBinding(match[5], match[6])
  const grant = parseGrant(match[14], match[15])
  // Of all else, the grammar takes nothing that can be written in another way.
  if (state === null || formatState(state) !== kind + details) return null
  if (binding.kind === 'moment' && formatBinding(binding) !== `@${match[6] ?? ''}`) return null
  if (grant !== null && formatGrant(grant) !== `x${match[14] ?? ''}:${match[15] ?? ''}`) return null
  const formerStores = parseHashes(match[12] ?? '')
  if (formerStores.length > maximumFormerStores) return null
  return {
    stack: match[1] ?? '',
    keyId: match[2] ?? '',
    generation: Number(match[3]),
    nonce: match[4] ?? '',
    binding,
    state,
    host: match[9] ?? null,
    fields: parseFields(match[10] ?? ''),
    stores: parseHashes(match[11] ?? ''),
    formerStores,
    protected: match[13] !== undefined,
    grant,
    signature: match[16] ?? null,
  }
}

/** A marker as nearly all stand: last, and alone. */
function markerAtEnd(text: string, start: number): Marker | null {
  return text.endsWith(']') && text.lastIndexOf('[') === start ? parseMarker(text.slice(start)) : null
}

/** Splits what the platform has as description into what a user wrote and our marker, wherever in it edits have left it. */
export function readDescription(text: string): {
  readonly description: string
  readonly ownership: Ownership
} {
  const start = text.indexOf('[fk')
  if (start < 0) return { description: text.trim(), ownership: { kind: 'unmanaged' } }
  const last = markerAtEnd(text, start)
  if (last !== null)
    return { description: text.slice(0, start).trim(), ownership: { kind: 'managed', marker: last } }
  const found = text.match(markerText) ?? []
  // A whole marker inside a broken one is none either: once it is taken out, the rest would read as a broken one.
  const begun = text.match(anyMarkerText)?.length ?? 0
  const marker = found.length === 1 && begun === 1 ? parseMarker(found[0]) : null
  if (marker !== null) {
    const around = text.split(found[0] ?? '').map(part => part.trim())
    return {
      description: around.filter(part => part !== '').join(' '),
      ownership: { kind: 'managed', marker },
    }
  }
  const ownership: Ownership = begun > 0 ? { kind: 'unreadable', text } : { kind: 'unmanaged' }
  return { description: text.trim(), ownership }
}

/** The opposite of `readDescription`: what the platform gets as description. */
export function writeDescription(description: string, marker: Marker | null): string {
  if (marker === null) return description
  return description === '' ? formatMarker(marker) : `${description} ${formatMarker(marker)}`
}

/**
 * As much of a description as there is room for next to a marker: that of a retiring key is longer than any other. What is left of a damaged
 * marker stays as text, and must not be read as a second one.
 */
export function fitDescription(description: string, marker: Marker): string {
  const room = Math.max(0, maximumDescription - formatMarker(marker).length - 1)
  const text = description.replaceAll(anyMarkerText, found => `(${found.slice(1)}`)
  return text.length <= room ? text : text.slice(0, room).trimEnd()
}

/** The most characters that the marker of a key in use can ever take, the space before it and a signature included. */
export function markerRoom(stack: string, keyId: string, stores: number): number {
  const farAway = 36 ** digitsOfTime * second - second
  const longest: Marker = {
    stack,
    keyId,
    generation: 999_999,
    nonce: '0'.repeat(10),
    binding: { kind: 'key', hash: '0'.repeat(8) },
    state: { kind: 'delivered', visibleEnd: '0'.repeat(16), at: farAway },
    host: '0'.repeat(8),
    fields: parseFields('0'.repeat(12)),
    stores: Array<string>(stores).fill('0'.repeat(storeHashDigits)),
    formerStores: Array<string>(maximumFormerStores).fill('0'.repeat(storeHashDigits)),
    protected: true,
    grant: { permissions: allPermissions, until: farAway },
    signature: '0'.repeat(86),
  }
  return formatMarker(longest).length + 1
}
