import type { CrashPoint } from '../../../src/apply/crash-points.ts'
import type { StoreSet } from '../crash/crash-scenes.ts'

export interface Declaration {
  readonly permissions?: string
  readonly strategy?: 'in-place'
}

export interface Scene {
  /** Applied by one run and followed by that many days, one after the other. */
  readonly past: readonly (readonly [Declaration, number])[]
  readonly declared: Declaration
  readonly killAt: readonly CrashPoint[]
  /** Is a consumer promised a working key at every instant? */
  readonly overlap: boolean
}

const making = [
  'before-create',
  'after-create',
  'after-list',
  'after-whoami',
  'before-put',
  'after-put',
  'before-patch',
  'after-patch',
  'before-revoke',
  'after-revoke',
] as const satisfies readonly CrashPoint[]

export const scenes = {
  create: { past: [], declared: {}, killAt: making, overlap: true },
  'overlap rotation': { past: [[{}, 61]], declared: {}, killAt: making, overlap: true },
  'in-place rotation': {
    past: [[{ strategy: 'in-place' }, 61]],
    declared: { strategy: 'in-place' },
    overlap: false,
    killAt: [
      'before-regenerate',
      'after-regenerate',
      'before-put',
      'after-put',
      'after-whoami',
      'before-patch',
      'after-patch',
    ],
  },
  update: {
    past: [[{}, 1]],
    declared: { permissions: '[read_scenarios, upload_results]' },
    overlap: true,
    killAt: ['before-patch', 'after-patch'],
  },
  retirement: {
    past: [
      [{}, 61],
      [{}, 4],
    ],
    declared: {},
    overlap: true,
    killAt: ['before-revoke', 'after-revoke'],
  },
} as const satisfies Readonly<Record<string, Scene>>

export type SceneName = keyof typeof scenes

/** The keys of every scene, and the files of their stores: one that can be read, and one that cannot. */
export const keys = {
  'ci-pipeline': { readable: 'agents.env', sealed: 'sealed.txt' },
  nightly: { readable: 'more.env', sealed: 'steady.env' },
} as const

export type KeyId = keyof typeof keys

export const keyIds = Object.keys(keys) as readonly KeyId[]

export function filesOf(keyId: KeyId, stores: StoreSet): readonly string[] {
  const { readable, sealed } = keys[keyId]
  return [...(stores === 'write-only' ? [] : [readable]), ...(stores === 'readable' ? [] : [sealed])]
}

/** A store that every machine reaches: a file of a shared folder, written by a program. */
function storesOf(keyId: KeyId, stores: StoreSet, folder: string): string {
  const { readable } = keys[keyId]
  const store = (file: string) => {
    const path = `${folder}/${file}`
    const get = `          get: [sh, -c, 'test ! -e ${path} || cat ${path}']\n`
    return `      - exec:\n          put: [sh, -c, 'cat > ${path}.$$ && mv ${path}.$$ ${path}']\n${file === readable ? get : ''}`
  }
  return filesOf(keyId, stores).map(store).join('')
}

export function configuration(folder: string, stores: StoreSet, declared: Declaration): string {
  const { permissions = '[read_scenarios]', strategy = 'overlap' } = declared
  const key = (keyId: KeyId) => `  ${keyId}:
    name: ${keyId}
    environment: ci
    scope: all
    expires: 90d
    rotate: { maxAge: 60d, grace: 48h, quiet: 24h, strategy: ${strategy} }
    permissions: ${permissions}
    store:
${storesOf(keyId, stores, folder)}`
  return `version: 1\nstack: kill-test\nkeys:\n${keyIds.map(key).join('')}`
}
