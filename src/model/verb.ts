import type { Change } from './change.ts'

/** Where a provision gets a secret that works: tried in the order in which they are listed, until one has it. */
export type Source =
  /** A store that can be read still has it. */
  | 'store'
  /** The platform still knows the answer that it gave when it made the key. */
  | 'replay'
  /** A new secret of the same key; the old one is dead at once. */
  | 'regenerate'
  /** A successor, in a wave with others. */
  | 'new key'

/** What apply does for a change. It knows no more kinds than these. */
export type Act =
  /** Get a secret that works into all stores. */
  | { readonly verb: 'provision'; readonly sources: readonly Source[] }
  /** Fields and the next marker, in one PATCH. */
  | { readonly verb: 'patch' }
  /** End a key for good, through the gate. */
  | { readonly verb: 'revoke' }

type Kind = Change['kind']
type OfKind<K extends Kind> = Extract<Change, { kind: K }>

export type Provision = OfKind<'create' | 'rotate' | 'deliver' | 'heal'>
export type Patch = OfKind<'adopt' | 'update' | 'release'>

const provision = (...sources: readonly Source[]): Act => ({ verb: 'provision', sources })
const patch = (): Act => ({ verb: 'patch' })

/** How a key gets a new secret. */
const anew = { overlap: 'new key', 'in-place': 'regenerate' } as const

/** The words on screen, and what apply does for each. */
const acts: { readonly [K in Kind]: (change: OfKind<K>) => Act } = {
  create: () => provision('new key'),
  rotate: ({ strategy }) => provision(anew[strategy]),
  deliver: ({ rotates, strategy }) =>
    rotates ? provision(anew[strategy]) : provision('store', anew[strategy]),
  heal: ({ generation }) =>
    generation === null ? provision('store', 'replay') : provision('store', 'replay', 'new key'),
  adopt: patch,
  update: patch,
  release: patch,
  revoke: () => ({ verb: 'revoke' }),
}

function actOf<K extends Kind>(change: OfKind<K> & { readonly kind: K }): Act {
  const act: (change: OfKind<K>) => Act = acts[change.kind]
  return act(change)
}

/** The sources of a provision; none for any other change. */
export function sourcesOf(change: Change): readonly Source[] {
  const act = actOf(change)
  return act.verb === 'provision' ? act.sources : []
}

export function isProvision(change: Change): change is Provision {
  return actOf(change).verb === 'provision'
}

export function isPatch(change: Change): change is Patch {
  return actOf(change).verb === 'patch'
}

export function isRevocation(change: Change): change is OfKind<'revoke'> {
  return actOf(change).verb === 'revoke'
}
