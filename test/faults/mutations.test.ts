// The harness of the crash matrix has to find wrong orders of steps: each of these is caught by the cases that it names, which
// the program as it is passes.
import t from 'tap'
import { type Case, allCases, titleOf } from './crash/cases.ts'
import { type Mutation, buildMutant } from './crash/mutant.ts'
import { playAll } from './crash/run.ts'

interface Row {
  readonly edits: readonly Mutation[]
  /** Titles of cases. */
  readonly caught: readonly string[]
}

const rows: Readonly<Record<string, Row>> = {
  'the marker before the delivery': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  const [first, ...others] = storesOf(desired, run)\n',
        to: '  await markDelivered(key, desired, { fields: [], graceUntil: run.clock() + desired.rotation.grace, removal }, run)\n  const [first, ...others] = storesOf(desired, run)\n',
      },
    ],
    caught: ['create/write-only/with the secret/before-put:1'],
  },
  'a new key that is not marked as pending': {
    edits: [
      {
        file: 'apply/markers.ts',
        from: "    state: { kind: 'pending' },\n    host: run.options.host,",
        to: "    state: { kind: 'external' },\n    host: run.options.host,",
      },
    ],
    caught: ['create/readable/with the secret/after-create:1'],
  },
  'the word that it is delivered left out': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  await patchMarked(key.live, patchOf(fields), desired.description, marker, run)\n',
        to: '  void patchOf(fields), marker, patchMarked\n',
      },
    ],
    caught: ['create/readable/with the secret/after-put:1'],
  },
  'the last store forgotten': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  const rest = await putIntoEach(key.secret, others, new Set(), run)\n',
        to: '  const rest = await putIntoEach(key.secret, others.slice(1), new Set(), run)\n',
      },
    ],
    caught: ['create/both/with the secret/before-create:1'],
  },
  'a heal that trusts a store which was not reached': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: '.filter(store => held.get(store)?.equals(secret) === true),',
        to: ',',
      },
    ],
    caught: ['create/both/with the secret/after-put:1'],
  },
  'a heal that delivers what it cannot prove': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: 'if (endsAgree(shown, secret.end(shown.length)) && (await isAccepted(secret, live, run))) return secret',
        to: 'void endsAgree, shown; return secret',
      },
    ],
    caught: ['overlap rotation/readable/with the secret/after-create:1'],
  },
  'a pending key of our own left where it is': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: '    await revokePending(live, run)\n    left = left.slice(1)\n',
        to: '    left = left.slice(1)\n',
      },
    ],
    caught: ['create/readable/without the secret/after-create:1'],
  },
  'a key of a platform that does not replay left behind': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: '    await run.platform.revoke(issued.key.id)\n',
        to: '',
      },
    ],
    caught: ['create/readable/none/after-create:1'],
  },
  'the predecessor revoked before the successor is delivered': {
    edits: [
      {
        file: 'apply/make.ts',
        from: '  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)\n',
        to: "  for (const change of changes) if (change.kind === 'rotate') await run.platform.revoke(change.live.id)\n  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)\n",
      },
    ],
    caught: ['overlap rotation/readable/with the secret/before-create:1'],
  },
  'a secret taken out of a store before the new one is in another': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  const place = await store.put(secret)\n  run.checkpoint(',
        to: '  await store.remove()\n  run.checkpoint("after-remove")\n  const place = await store.put(secret)\n  run.checkpoint(',
      },
    ],
    caught: ['overlap rotation/readable/with the secret/after-remove:1'],
  },
  'a leak that is marked only in passing': {
    edits: [
      {
        file: 'apply/one-patch.ts',
        from: "{ ...marker, state: { kind: 'leaked' } }",
        to: '{ ...marker }',
      },
    ],
    caught: ['leaked key/readable/with the secret/after-leak:1'],
  },
  'a removal that forgets the store and keeps its secret': {
    edits: [
      {
        file: 'apply/take-out.ts',
        from: '  await store.remove()\n',
        to: '',
      },
    ],
    caught: ['removal of a store/readable/with the secret/after-remove:1'],
  },
  'a regeneration whose secret goes into no store that can be read': {
    edits: [
      {
        file: 'apply/in-place.ts',
        from: '  const puts = await putIntoEach(secret, readable, new Set(), run)\n',
        to: '  const puts = await putIntoEach(secret, readable.slice(1), new Set(), run)\n',
      },
    ],
    caught: ['in-place rotation/readable/with the secret/after-regenerate:1'],
  },
}

/** A case by its title, also of a checkpoint that only a wrong program comes by there. */
function caseOf(title: string): Case {
  const known = allCases().find(one => titleOf(one) === title)
  if (known !== undefined) return known
  const [scene, stores, replay, first = ''] = title.split('/')
  const like = allCases().find(one => titleOf(one).startsWith([scene, stores, replay].join('/')))
  if (like === undefined) throw new Error(`No case is called ${title}`)
  return { ...like, first, second: null }
}

async function faultsOf(titles: readonly string[], program: string | null): Promise<readonly string[]> {
  const faults: string[] = []
  await playAll(
    titles.map(caseOf),
    ({ title, verdict }) => {
      faults.push(...verdict.faults.map(fault => `${title}: ${fault}`))
    },
    { program },
  )
  return faults
}

t.test('the program as it is passes the cases that catch the wrong ones', async t => {
  const titles = Object.values(rows).flatMap(({ caught }) => caught)
  const known = new Set(allCases().map(titleOf))
  t.strictSame(
    await faultsOf(
      [...new Set(titles)].filter(title => known.has(title)),
      null,
    ),
    [],
  )
  const same = await buildMutant([])
  t.strictSame(await faultsOf(['create/readable/with the secret/after-put:1'], same.program), [])
  await same.end()
})

for (const [what, { edits, caught }] of Object.entries(rows)) {
  t.test(`the harness finds ${what}`, async t => {
    const { program, end } = await buildMutant(edits)
    const faults = await faultsOf(caught, program)
    await end()
    t.ok(faults.length > 0, 'at least one invariant does not hold')
    t.comment(faults[0]?.slice(0, 300) ?? '')
  })
}
