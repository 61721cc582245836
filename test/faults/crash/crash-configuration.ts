import type { StoreSet } from './crash-scenes.ts'

/** How the key is declared, where it is not as usual. */
export interface Declaration {
  readonly permissions?: string
  readonly strategy?: 'in-place'
  /** One more env file. */
  readonly more?: boolean
  /** Takes over the key that was made by hand. */
  readonly adopt?: boolean
  /** Another key next to it. */
  readonly steady?: boolean
  /** Without the key; `steady` stays, since an empty configuration never prunes. */
  readonly gone?: 'revoke' | 'retain'
  /** A store that takes the secret by a program, which refuses while there is a file `refuse`. */
  readonly refusing?: boolean
}

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

const hasSteady = ({ steady, gone }: Declaration) => steady === true || gone !== undefined

/** The key ids of a stack that is declared so, with that of the key that is gone. */
export function keyIdsOf(declared: Declaration): readonly string[] {
  return ['ci-pipeline', ...(hasSteady(declared) ? ['steady'] : [])]
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
${gone === undefined ? key : ''}${hasSteady(declared) ? steady : ''}`
}
