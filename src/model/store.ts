/** Where a secret goes, with every default filled in and every path absolute. */
export type StoreSpec =
  | {
      readonly kind: 'keychain'
      readonly service: string
      readonly account: string
      /** Used where there is no keychain service; null: that is an error. */
      readonly fallback: StoreSpec | null
    }
  | { readonly kind: 'env-file'; readonly path: string; readonly name: string }
  | {
      readonly kind: 'age-file'
      readonly path: string
      /** `age1...`; empty: the identity's own. */
      readonly recipients: readonly string[]
      /** Path of a file with `AGE-SECRET-KEY-1...` lines; null: the file can be written but not read back. */
      readonly identity: string | null
    }

export interface DeclaredStore {
  readonly spec: StoreSpec
  /** Four hexadecimal digits that stand for what was declared (paths as written): the marker keeps them. */
  readonly hash: string
}

/** How a store is called on screens: `keychain fluxloop/acme-agents/ci-pipeline`, `env-file .env (FLUXLOOP_API_KEY)`. */
export function storeLabel(spec: StoreSpec): string {
  switch (spec.kind) {
    case 'keychain':
      return `keychain ${spec.service}/${spec.account}`
    case 'env-file':
      return `env-file ${spec.path} (${spec.name})`
    case 'age-file':
      return `age-file ${spec.path}`
  }
}
