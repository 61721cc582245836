import type { Plan } from '../../model/change.ts'
import type { HomeOwner, KeyHome } from '../../model/key-home.ts'
import { storeLabel } from '../../model/store.ts'
import type { Palette } from '../text/palette.ts'
import { unbreakable, wrap } from '../text/layout.ts'
import { enumerate, nameText, storeText } from '../text/values.ts'

/** Where the secret of a key goes from here, for programs. */
export interface HomeJson {
  readonly key: string
  /** `anyone`: no store of it belongs to a machine; `nobody-yet`: it was never delivered to its local stores. */
  readonly owner: HomeOwner
  readonly stores: readonly {
    readonly store: string
    readonly fallback: string | null
    /** Null: there is no fallback, so nobody asked whether it would be used. */
    readonly fallback_used: boolean | null
  }[]
}

export function homeToJson({ keyId, owner, stores }: KeyHome, keychain: Plan['keychain']): HomeJson {
  return {
    key: keyId,
    owner,
    stores: stores.map(({ spec }) => {
      const fallback = spec.kind === 'keychain' ? spec.fallback : null
      return {
        store: storeLabel(spec),
        fallback: fallback === null ? null : storeLabel(fallback),
        fallback_used: fallback === null || keychain === null ? null : keychain === 'missing',
      }
    }),
  }
}

/** One line for keys whose local stores are elsewhere; nothing where there are none. */
export function otherHostsLines({ homes }: Plan, width: number): string[] {
  const theirs = homes.filter(({ owner }) => owner === 'another-host').map(({ keyId }) => keyId)
  if (theirs.length === 0) return []
  const [belong, their] = theirs.length === 1 ? ['belongs', 'its'] : ['belong', 'their']
  const words = `${enumerate(theirs)} ${belong} to another host or folder, which has ${their} local stores: nothing is put into those here without ${unbreakable('--take-over')}.`
  return wrap(words, width)
}

const owners = {
  anyone: '',
  here: '',
  'another-host': ' (on another host or in another folder)',
  'nobody-yet': ' (not delivered yet)',
} as const satisfies Record<HomeOwner, string>

/** `Secrets go to:` and a paragraph for each key. */
export function homesSection({ homes, keychain }: Plan, palette: Palette, width: number): string[] {
  return [
    palette.bold('From here secrets go to:'),
    ...homes.flatMap(({ keyId, owner, stores }) => {
      const places = stores.map(({ spec }) => storeText(spec, keychain)).join(', ')
      return wrap(`${nameText(keyId)}: ${places}${owners[owner]}`, width, '  ', '    ')
    }),
  ]
}
