import assert from 'node:assert/strict'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { allPermissions } from '../../src/model/permission.ts'
import type { Marker, MarkerState } from '../../src/model/marker.ts'
import {
  fitDescription,
  formatMarker,
  markerRoom,
  parseMarker,
  readDescription,
  writeDescription,
} from '../../src/platform/marker-text.ts'

// Plain prototypes, so that what is generated compares with what is parsed.
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true })
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))
const moment = fc.integer({ min: 1, max: 4_000_000_000 }).map(seconds => seconds * 1000)

const state: fc.Arbitrary<MarkerState> = fc.oneof(
  fc.constantFrom<MarkerState>({ kind: 'pending' }, { kind: 'external' }, { kind: 'leaked' }),
  record({ kind: fc.constant('released' as const), at: moment }),
  record({
    kind: fc.constant('delivered' as const),
    visibleEnd: fc.stringMatching(/^[A-Za-z0-9_+/=-]{3,16}$/),
    at: moment,
  }),
  record({
    kind: fc.constant('retiring' as const),
    successor: hex(8),
    at: moment,
    graceUntil: moment,
    delivered: fc.option(moment),
  }),
)

const anyMarker: fc.Arbitrary<Marker> = record({
  stack: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/),
  keyId: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/),
  generation: fc.integer({ min: 1, max: 999_999 }),
  nonce: fc.stringMatching(/^[a-z0-9]{10}$/),
  binding: fc.oneof(
    record({ kind: fc.constant('key' as const), hash: hex(8) }),
    record({ kind: fc.constant('moment' as const), at: moment }),
  ),
  state,
  host: fc.option(hex(8)),
  fields: record({
    name: hex(2),
    description: hex(2),
    scope: hex(2),
    permissions: hex(2),
    expires: hex(2),
    environment: hex(2),
  }),
  stores: fc.array(hex(6), { maxLength: 6 }),
  formerStores: fc.array(hex(6), { maxLength: 4 }),
  protected: fc.boolean(),
  grant: fc.option(
    record({
      permissions: fc.subarray([...allPermissions]).map(each => each.toSorted()),
      until: moment,
    }),
  ),
  signature: fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{86}$/)),
})

const example: Marker = {
  stack: 'acme-agents',
  keyId: 'ci-pipeline',
  generation: 3,
  nonce: 'k3x9v0q2ma',
  binding: { kind: 'key', hash: '0a1b2c3d' },
  state: { kind: 'delivered', visibleEnd: 'no34z', at: 1_763_800_000_000 },
  host: '1f0c22ab',
  fields: { name: '00', description: 'a1', scope: 'b2', permissions: 'c3', expires: 'd4', environment: 'e5' },
  stores: ['9b1c77', 'd0a1b2'],
  formerStores: ['12ab34'],
  protected: true,
  grant: null,
  signature: null,
}

t.test('has one documented form', async t => {
  t.equal(
    formatMarker(example),
    '[fk1 acme-agents/ci-pipeline g3 k3x9v0q2ma b0a1b2c3d delivered:no34z:t64csg h1f0c22ab f00a1b2c3d4e5 s9b1c77d0a1b2 r12ab34 p]',
  )
})

t.test('reads back what it wrote, and never takes more room than promised', async () => {
  fc.assert(
    fc.property(anyMarker, marker => {
      const text = formatMarker(marker)
      assert.deepEqual(parseMarker(text), marker)
      // What is written next to the marker of a retiring key is cut to fit.
      if (marker.state.kind === 'retiring') return
      if (text.length + 1 > markerRoom(marker.stack, marker.keyId, marker.stores.length))
        throw new Error(text)
    }),
  )
})

t.test(
  'accepts no mutation as another marker of a different stack, key, generation or state by accident of form',
  async t => {
    const text = formatMarker(example)
    for (const [was, becomes] of [
      ['g3', 'g03'],
      ['g3', 'g0'],
      ['fk1', 'fk2'],
      [' p]', ' p ]'],
      [' p]', ' q]'],
      ['h1f0c22ab ', 'h1f0c22a '],
      ['s9b1c77d0a1b2', 's9b1c77d0a1b'],
      ['delivered:no34z:t64csg', 'delivered:no34z'],
      ['delivered:no34z:t64csg', 'delivered'],
      ['delivered:no34z:t64csg', 'pending:no34z'],
      ['delivered:no34z:t64csg', 'retiring:0a1b2c3d:t64csg:t6824g'],
      ['b0a1b2c3d ', ''],
      ['b0a1b2c3d', 'b0a1b2c3'],
      ['b0a1b2c3d', '@'],
      [' p]', ` p ~${'a'.repeat(85)}]`],
      ['delivered:no34z:t64csg', 'delivered:no34z:0t64csg'],
      ['t64csg', '1000000000000000'],
      ['r12ab34', `r${'12ab34'.repeat(5)}`],
      ['k3x9v0q2ma', 'k3x9v0q2m'],
      ['f00a1b2c3d4e5', 'F00A1B2C3D4E5'],
      ['acme-agents/ci-pipeline', 'acme-agents/../ci'],
      ['[fk1 ', '[fk1  '],
    ] as const) {
      const mutated = text.replace(was, becomes)
      t.not(mutated, text)
      t.equal(parseMarker(mutated), null, mutated)
    }
  },
)

t.test('takes nothing that it would write in another way', async () => {
  const pieces = fc.constantFrom('0', 'A', ':', 'NaN', ' p', ' ', 'x104:t2k9a1', '@0t2k9a1', 'g', '-')
  fc.assert(
    fc.property(anyMarker, fc.nat(200), fc.nat(3), pieces, (marker, at, removed, piece) => {
      const text = formatMarker(marker)
      const mutated = text.slice(0, at) + piece + text.slice(at + removed)
      const parsed = parseMarker(mutated)
      if (parsed !== null) assert.equal(formatMarker(parsed), mutated)
    }),
    { numRuns: 2000 },
  )
})

t.test('survives edits around it', async t => {
  const marker = formatMarker(example)
  for (const [text, description] of [
    [`Nightly runs ${marker}`, 'Nightly runs'],
    [marker, ''],
    [`${marker} (do not delete!)`, '(do not delete!)'],
    [`  before\n${marker}\nafter `, 'before after'],
  ] as const) {
    const read = readDescription(text)
    t.equal(read.description, description)
    t.strictSame(read.ownership, { kind: 'managed', marker: example })
  }
})

t.test('keeps its hands off a marker that it cannot read', async t => {
  const marker = formatMarker(example)
  for (const text of [
    marker.slice(0, -1),
    marker.replace('fk1', 'fk2'),
    marker.replace('delivered', 'deliverd'),
    `${marker} ${marker}`,
    // Found by fuzzing: our next write would have left a description that nobody could read.
    `[fk1 acme-agents/ci-pipe ${marker} g3]`,
    `Copied. ${marker} ${marker.replace('g3', 'g4')}`,
  ]) {
    t.equal(readDescription(text).ownership.kind, 'unreadable', text)
  }
})

t.test('leaves a description without marker as it is', async t => {
  t.strictSame(readDescription('CI [old] key'), {
    description: 'CI [old] key',
    ownership: { kind: 'unmanaged' },
  })
  t.equal(writeDescription('CI key', null), 'CI key')
  t.equal(writeDescription('', example), formatMarker(example))
})

t.test('a damaged marker in the description of a retiring key is text next to its new marker', async t => {
  const text = fitDescription('Nightly [fk1 acme-agents/', example)
  t.match(readDescription(writeDescription(text, example)), {
    description: 'Nightly (fk1 acme-agents/',
    ownership: { kind: 'managed' },
  })
})
