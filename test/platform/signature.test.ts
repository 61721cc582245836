import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { boundTo } from '../../src/lifecycle/binding.ts'
import { Failure } from '../../src/model/failure.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Marker, MarkerState } from '../../src/model/marker.ts'
import { Secret } from '../../src/model/secret.ts'
import { formatMarker, markerRoom, maximumDescription, parseMarker } from '../../src/platform/marker-text.ts'
import { isSigned, signedKeys, signerWith } from '../../src/platform/signature.ts'
import { desiredKey, liveKey, managedKey, now, otherHost, stack } from '../support/build.ts'
import { fc } from '../support/properties.ts'
import { signingKey } from '../support/signing.ts'

const [team, former, forger] = [signingKey(), signingKey(), signingKey()]
const publicKeys = [team.publicKey]

function markerOf({ ownership }: LiveKey): Marker {
  assert(ownership.kind === 'managed')
  return ownership.marker
}

const carrying = (live: LiveKey, marker: Marker): LiveKey => ({
  ...live,
  ownership: { kind: 'managed', marker },
})

/** A live key as the platform gives it back: its marker is read from its text. */
function signedBy({ sign }: typeof team, live: LiveKey, as = live.id): LiveKey {
  const marker = parseMarker(formatMarker(sign(markerOf(live), as)))
  assert(marker !== null)
  return carrying(live, marker)
}

const head = managedKey()
const signed = signedBy(team, head)
const inState = (state: MarkerState) => signedBy(team, managedKey(desiredKey(), { state }))

t.test('a signature proves a key in use, and the very key that it was made for', async t => {
  const another = managedKey(desiredKey(), { generation: 2 })
  const rows: readonly (readonly [what: string, live: LiveKey, proves: boolean])[] = [
    ['a delivered key', signed, true],
    ['an adopted key', inState({ kind: 'external' }), true],
    ['no signature', head, false],
    ['another key pair', signedBy(forger, head), false],
    ['the marker on another key', carrying(another, markerOf(signed)), false],
    [
      'the marker bound to another key',
      carrying(another, { ...markerOf(signed), binding: boundTo(another.id) }),
      false,
    ],
    ['a signature for another key', signedBy(team, head, another.id), false],
    [
      'a marker that counts as copied',
      { ...signed, ownership: { kind: 'copied', marker: markerOf(signed) } },
      false,
    ],
    ['an unmanaged key', liveKey(), false],
    ['a key that was regenerated', { ...signed, maskedKey: 'flux_ci_****...zzzzz' }, false],
    ['a key that was regenerated, with the same end', { ...signed, regeneratedAt: now }, false],
    ['a pending key', inState({ kind: 'pending' }), false],
    ['a leaked key', inState({ kind: 'leaked' }), false],
    ['a released key', inState({ kind: 'released', at: now }), false],
    [
      'a retiring key',
      inState({ kind: 'retiring', successor: '00000000', at: now, graceUntil: now, delivered: null }),
      false,
    ],
  ]
  for (const [what, live, proves] of rows) {
    t.equal(isSigned(live, publicKeys), proves, what)
    t.equal(signedKeys([live], publicKeys).signed.has(live.id), proves, what)
  }
  t.equal(isSigned(signed, []), false, 'without a public key nothing is proven')
})

t.test('nothing of a signed marker can be edited', async t => {
  const marker = markerOf(signed)
  const edits: Partial<Marker>[] = [
    { stack: 'other' },
    { keyId: 'other' },
    { generation: 2 },
    { nonce: 'a'.repeat(10) },
    { state: { kind: 'external' } },
    { host: otherHost },
    { fields: { ...marker.fields, permissions: '00' } },
    { stores: ['000000'] },
    { formerStores: ['000000'] },
    { protected: true },
  ]
  for (const edit of edits)
    t.notOk(isSigned(carrying(signed, { ...marker, ...edit }), publicKeys), JSON.stringify(edit))
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{86}$/), signature => {
      assert.equal(
        isSigned(carrying(head, { ...marker, signature }), publicKeys),
        signature === marker.signature,
      )
    }),
  )
})

t.test('each public key proves, and the first one is known from the others', async t => {
  const second = signedBy(former, managedKey(desiredKey({ keyId: 'second' })))
  const third = signedBy(forger, managedKey(desiredKey({ keyId: 'third' })))
  t.strictSame(signedKeys([signed, second, third, liveKey()], [team.publicKey, former.publicKey]), {
    signed: new Set([signed.id, second.id]),
    signedNow: new Set([signed.id]),
  })
})

t.test('there is room for a signature next to every description that is accepted', async t => {
  const room = maximumDescription - markerRoom(stack, 'ci-pipeline', 1)
  t.ok('x'.repeat(room).length + 1 + formatMarker(markerOf(signed)).length <= maximumDescription)
})

t.test(
  'takes an Ed25519 key that belongs to the first public key, and tells nothing of any other',
  async t => {
    const pkcs8 = (type: 'x25519' | 'ed448') =>
      (type === 'ed448' ? generateKeyPairSync('ed448') : generateKeyPairSync('x25519')).privateKey
        .export({ format: 'der', type: 'pkcs8' })
        .toString('base64')
    const rows: readonly (readonly [what: string, text: string, says: RegExp])[] = [
      ['no key', 'hello', /does not hold a private key/],
      ['the public key', team.publicKey, /does not hold a private key/],
      ['a key to encrypt with', pkcs8('x25519'), /not Ed25519/],
      ['another curve', pkcs8('ed448'), /not Ed25519/],
      ['another pair', forger.privateKey, /does not belong to the first/],
    ]
    for (const [what, text, says] of rows) {
      let failure: unknown
      try {
        signerWith(new Secret(text), 'SIGNING_KEY', [team.publicKey, former.publicKey])
      } catch (cause) {
        failure = cause
      }
      assert(failure instanceof Failure)
      t.match(failure, { code: 'usage', message: says }, what)
      if (what !== 'the public key') t.notMatch(JSON.stringify([failure.message, failure.hints]), text, what)
    }
  },
)
