import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { gatherEvidence } from '../../src/commands/evidence.ts'
import { Failure } from '../../src/model/failure.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { FormerStores } from '../../src/model/removal.ts'
import { Secret } from '../../src/model/secret.ts'
import { type DeclaredStore, type StoreSpec, storeLabel } from '../../src/model/store.ts'
import { placeHasher } from '../../src/stores/place-hash.ts'
import { desiredKey, desiredState, envFile, keychain, liveKey, managedKey, sealed } from '../support/build.ts'

const program: DeclaredStore = {
  spec: { kind: 'exec', put: ['put'], get: ['get'], remove: null, timeout: 1000, local: true, trial: null },
  hash: 'dddd00',
}
const shared: DeclaredStore = {
  spec: {
    kind: 'age-file',
    path: '/srv/agents/team.age',
    declaredIn: '/srv',
    recipients: [],
    identity: '/home/ada/id.txt',
    shared: true,
  },
  hash: 'eeee00',
}
const more: DeclaredStore = {
  spec: { kind: 'env-file', path: '/srv/other/.env', name: 'KEY', declaredIn: '/srv' },
  hash: 'ffff00',
}

/** What some stores hold; null: reading it fails. */
function holding(held: ReadonlyMap<DeclaredStore, string | null>, keychainWorks = true) {
  const read: string[] = []
  const texts = new Map([...held].map(([{ spec }, text]) => [storeLabel(spec), text] as const))
  return {
    read,
    keychainWorks: async () => keychainWorks,
    look: async (spec: StoreSpec) => {
      read.push(storeLabel(spec))
      const text = texts.get(storeLabel(spec))
      if (text === null) throw new Failure('failed', 'it cannot be read')
      return text === undefined ? null : new Secret(text)
    },
  }
}

const current = 'flux_ci_000000no34z'
const older = 'flux_ci_000000old00'
const declared = (...stores: readonly DeclaredStore[]) => desiredKey({ stores })
const alive = (stores: readonly DeclaredStore[], pending = false): LiveKey =>
  managedKey(declared(...stores), {
    ...(pending ? { state: { kind: 'pending' } as const } : {}),
    live: { maskedKey: 'flux_ci_****...no34z' },
  })

interface Row {
  readonly stores: readonly DeclaredStore[]
  readonly held: readonly (readonly [DeclaredStore, string | null])[]
  /** Those of the marker, where it knows others. */
  readonly marked?: readonly DeclaredStore[]
  readonly former?: readonly DeclaredStore[]
  readonly pending?: true
  readonly keychainWorks?: false
  readonly isHeld: boolean
  readonly isHere: boolean
}

t.test('tells from what stores hold which key that is, and whether its place is here', async t => {
  const both = [keychain, envFile]
  const rows: Readonly<Record<string, Row>> = {
    'an env file has it': { stores: [envFile], held: [[envFile, current]], isHeld: true, isHere: true },
    'it has an older one': { stores: [envFile], held: [[envFile, older]], isHeld: false, isHere: false },
    'it is empty': { stores: [envFile], held: [], isHeld: false, isHere: false },
    'it is broken': { stores: [envFile], held: [[envFile, null]], isHeld: false, isHere: false },
    'the keychain has it': { stores: [keychain], held: [[keychain, current]], isHeld: true, isHere: true },
    'the keychain does not work': {
      stores: [keychain],
      held: [[keychain, current]],
      keychainWorks: false,
      isHeld: false,
      isHere: false,
    },
    'a shared store has it': { stores: [shared], held: [[shared, current]], isHeld: true, isHere: false },
    'a shared store has it, and the local one not': {
      stores: [envFile, shared],
      held: [[shared, current]],
      isHeld: true,
      isHere: false,
    },
    'the keychain of the machine has it, and the file of this folder not': {
      stores: both,
      held: [[keychain, current]],
      isHeld: true,
      isHere: false,
    },
    'the file has it, and the keychain not': {
      stores: both,
      held: [[envFile, current]],
      isHeld: true,
      isHere: false,
    },
    'both have it': {
      stores: both,
      held: both.map(store => [store, current] as const),
      isHeld: true,
      isHere: true,
    },
    'the keychain has it, and the file cannot be looked into': {
      stores: [keychain, sealed],
      held: [[keychain, current]],
      isHeld: true,
      isHere: false,
    },
    'the file has it, and another cannot be looked into': {
      stores: [envFile, sealed],
      held: [[envFile, current]],
      isHeld: true,
      isHere: true,
    },
    'a store was added that it was never put into': {
      stores: [envFile, more],
      marked: [envFile],
      held: [[envFile, current]],
      isHeld: true,
      isHere: true,
    },
    'a store has it that left the declaration': {
      stores: [more],
      marked: [envFile],
      former: [envFile],
      held: [[envFile, current]],
      isHeld: true,
      isHere: true,
    },
    'a pending key was put into one of two': {
      stores: both,
      held: [[envFile, current]],
      pending: true,
      isHeld: true,
      isHere: true,
    },
    'a pending key is in the keychain of the machine alone': {
      stores: both,
      held: [[keychain, current]],
      pending: true,
      isHeld: true,
      isHere: false,
    },
  }
  for (const [title, row] of Object.entries(rows)) {
    const live = alive(row.marked ?? row.stores, row.pending)
    const former: FormerStores = new Map([
      ['ci-pipeline', (row.former ?? []).map(store => ({ ...store, free: null, local: true }))],
    ])
    const stores = holding(new Map(row.held), row.keychainWorks)
    const desired = desiredState([declared(...row.stores)])
    const { held, heldHere } = await gatherEvidence(['ci-pipeline'], desired, [live], former, stores)
    t.strictSame([...(held.get('ci-pipeline') ?? [])], row.isHeld ? [live.id] : [], `held: ${title}`)
    t.strictSame([...(heldHere.get('ci-pipeline') ?? [])], row.isHere ? [live.id] : [], `here: ${title}`)
  }
})

t.test(
  'names every live key that ends like a secret, of whomever, and none that shows too little',
  async t => {
    const keys = [
      alive([envFile]),
      liveKey({ id: 'key_alike', maskedKey: 'flux_****...4z' }),
      liveKey({ id: 'key_copied', maskedKey: 'flux_ci_****...34z' }),
      liveKey({ id: 'key_revoked', maskedKey: 'flux_ci_****...no34z', status: 'revoked' }),
    ]
    const stores = holding(new Map([[envFile, current]]))
    const desired = desiredState([declared(envFile)])
    const { held } = await gatherEvidence(['ci-pipeline'], desired, keys, new Map(), stores)
    t.strictSame([...(held.get('ci-pipeline') ?? [])].sort(), ['key_ci-pipeline_1', 'key_copied'])
  },
)

t.test('reads the stores of no other key, and runs no program', async t => {
  const other = desiredKey({ keyId: 'other', stores: [more] })
  const stores = holding(new Map())
  const desired = desiredState([declared(envFile, program, sealed), other])
  await gatherEvidence(['ci-pipeline'], desired, [], new Map(), stores)
  t.strictSame(stores.read, [storeLabel(envFile.spec)])
})

t.test('takes the real folders of local files for the place, and nothing else', async t => {
  const folder = t.testdir({})
  await mkdir(join(folder, 'one'))
  await mkdir(join(folder, 'two'))
  await symlink(join(folder, 'one'), join(folder, 'link'))
  const at = (path: string): StoreSpec => {
    return { kind: 'env-file', path: join(folder, path), name: 'KEY', declaredIn: folder }
  }
  const placeHash = (specs: readonly StoreSpec[]) => placeHasher('1f0c22ab')(specs)
  const one = await placeHash([at('one/.env')])
  t.match(one, /^[0-9a-f]{8}$/)
  const rows: readonly (readonly [string, readonly StoreSpec[], boolean])[] = [
    ['another name in the folder', [at('one/app.env')], true],
    ['two files in it', [at('one/.env'), at('one/app.env')], true],
    ['a link to it', [at('link/.env')], true],
    ['a keychain entry more', [keychain.spec, at('one/.env')], true],
    ['a shared file elsewhere', [at('one/.env'), shared.spec], true],
    ['another folder', [at('two/.env')], false],
    ['a folder in it', [at('one/deep/.env')], false],
    ['both folders', [at('one/.env'), at('two/.env')], false],
  ]
  for (const [title, specs, same] of rows) t.equal((await placeHash(specs)) === one, same, title)
  t.not(await placeHasher('99999999')([at('one/.env')]), one, 'another machine')
  t.equal(await placeHash([keychain.spec, shared.spec, program.spec]), '1f0c22ab', 'no local file')
  const deep = await placeHash([at('link/new/.env')])
  await mkdir(join(folder, 'one/new'))
  t.equal(await placeHash([at('link/new/.env')]), deep, 'the same before its folder is made and after')
})
