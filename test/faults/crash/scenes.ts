import type { Checkpoint } from '../../../src/apply/run.ts'
import { day } from '../../../src/model/duration.ts'

export const storeSets = ['readable', 'write-only', 'both'] as const
export type StoreSet = (typeof storeSets)[number]

export const replays = ['with the secret', 'without the secret', 'none'] as const
export type Replay = (typeof replays)[number]

export interface Declaration {
  readonly permissions?: string
  readonly strategy?: 'in-place'
  /** One more env file. */
  readonly more?: boolean
  /** Takes over the key that was made by hand. */
  readonly adopt?: boolean
  /** Without the key; `steady` stays, since an empty configuration never prunes. */
  readonly gone?: 'revoke' | 'retain'
  /** A store that takes the secret by a program, which refuses while there is a file `refuse`. */
  readonly refusing?: boolean
}

export interface Scene {
  /** Applied and followed by so many days, one after the other. */
  readonly past: readonly (readonly [Declaration, number])[]
  readonly declared: Declaration
  /** What is run and killed. */
  readonly args: readonly string[]
  readonly killAt: readonly Checkpoint[]
  /** The states of the key's live keys once all is healed and every grace is over. */
  readonly finally: readonly ('delivered' | 'external' | 'released')[]
  /** Is a consumer promised a working key at every instant? */
  readonly overlap: boolean
}

const making = [
  'before-create',
  'after-create',
  'after-wave-list',
  'before-whoami',
  'after-whoami',
  'before-put',
  'after-put',
  'after-readback',
  'before-mark',
  'after-mark',
] as const satisfies readonly Checkpoint[]

const apply = ['apply', '--auto-approve']
const usual = { past: [], declared: {}, args: apply, finally: ['delivered'], overlap: true } as const

export const scenes = {
  create: { ...usual, killAt: making },
  'overlap rotation': { ...usual, past: [[{}, 61]], killAt: making },
  'leaked key': {
    ...usual,
    past: [[{}, 1]],
    args: ['rotate', 'ci-pipeline', '--now', '--auto-approve'],
    killAt: ['before-leak', 'after-leak', ...making, 'before-revoke', 'after-revoke'],
  },
  'in-place rotation': {
    ...usual,
    past: [[{ strategy: 'in-place' }, 61]],
    declared: { strategy: 'in-place' },
    overlap: false,
    killAt: [
      'before-regenerate',
      'after-regenerate',
      'before-put',
      'after-put',
      'after-readback',
      'after-whoami',
      'before-mark',
      'after-mark',
    ],
  },
  update: {
    ...usual,
    past: [[{}, 1]],
    declared: { permissions: '[read_scenarios, upload_results]' },
    killAt: ['before-update', 'after-update'],
  },
  'one more store': {
    ...usual,
    past: [[{}, 1]],
    declared: { more: true },
    killAt: ['before-put', 'after-put', 'after-readback', 'before-mark', 'after-mark'],
  },
  'removal of a store': {
    ...usual,
    past: [[{ more: true }, 1]],
    killAt: ['before-remove', 'after-remove', 'before-update', 'after-update'],
  },
  retirement: {
    ...usual,
    past: [
      [{}, 61],
      [{}, 4],
    ],
    killAt: ['before-revoke', 'after-revoke'],
  },
  revocation: {
    ...usual,
    past: [[{}, 4]],
    declared: { gone: 'revoke' },
    killAt: ['before-revoke', 'after-revoke'],
    finally: [],
    overlap: false,
  },
  release: {
    ...usual,
    past: [[{}, 1]],
    declared: { gone: 'retain' },
    killAt: ['before-release', 'after-release'],
    finally: ['released'],
  },
  adoption: {
    ...usual,
    declared: { adopt: true },
    killAt: ['before-adopt', 'after-adopt'],
    finally: ['external'],
  },
  'refused delivery': {
    ...usual,
    declared: { refusing: true },
    killAt: ['before-put', 'before-withdraw', 'after-withdraw'],
  },
} as const satisfies Readonly<Record<string, Scene>>

export type SceneName = keyof typeof scenes

/** What a recovery may come by, whatever was killed: where its second kill is. */
export const recoveryPoints = [
  ...making,
  'before-replay',
  'after-replay',
  'before-update',
  'after-update',
  'before-remove',
  'after-remove',
  'before-regenerate',
  'after-regenerate',
  'before-adopt',
  'after-adopt',
  'before-release',
  'after-release',
  'before-revoke',
  'after-revoke',
] as const satisfies readonly Checkpoint[]

/** Longer than grace and quiet together. */
export const graceOver = 4 * day

function storesOf(folder: string, stores: StoreSet, { more, refusing }: Declaration): string {
  const put = (file: string) =>
    `      - exec:\n          put: [sh, -c, 'test ! -e ${folder}/refuse && cat > ${folder}/${file}.new && mv ${folder}/${file}.new ${folder}/${file}']\n`
  if (refusing === true) {
    const get = `          get: [sh, -c, 'test ! -e ${folder}/sealed.txt || cat ${folder}/sealed.txt']\n`
    return put('sealed.txt') + get
  }
  return [
    stores === 'write-only' ? '' : '      - env-file: { path: agents.env, name: FLUXLOOP_API_KEY }\n',
    stores === 'readable' ? '' : put('sealed.txt'),
    more === true ? '      - env-file: { path: more.env, name: MORE }\n' : '',
  ].join('')
}

/** The files in which the stores of a declaration keep the secret. */
export function filesOf(stores: StoreSet, { more, refusing }: Declaration): readonly string[] {
  if (refusing === true) return ['sealed.txt']
  return [
    ...(stores === 'write-only' ? [] : ['agents.env']),
    ...(stores === 'readable' ? [] : ['sealed.txt']),
    ...(more === true ? ['more.env'] : []),
  ]
}

/** A configuration whose stores are files of this folder. */
export function configuration(
  folder: string,
  stores: StoreSet,
  declared: Declaration,
  adopted: string,
): string {
  const { permissions = '[read_scenarios]', strategy = 'overlap', adopt, gone } = declared
  const key = `  ci-pipeline:
    name: CI pipeline
    environment: ci
    scope: all
    expires: 90d
    rotate: { maxAge: 60d, grace: 48h, quiet: 24h, strategy: ${strategy} }
    permissions: ${permissions}
${adopt === true ? `    adopt: ${adopted}\n` : ''}    store:
${storesOf(folder, stores, declared)}`
  const steady = `  steady:
    name: Steady
    environment: ci
    scope: all
    expires: never
    permissions: [read_scenarios]
    store: { env-file: { path: steady.env, name: STEADY } }
`
  return `version: 1
stack: kill-test
prune: { removed: ${gone ?? 'revoke'} }
defaults: { store: { env-file: { path: more.env, name: MORE } } }
keys:
${gone === undefined ? key : ''}${gone === undefined ? '' : steady}`
}
