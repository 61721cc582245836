import type { Finding } from '../../model/finding.ts'
import { escapeControls } from '../text/escape.ts'
import { unbreakable } from '../text/layout.ts'
import { enumerate, enumerateTexts, nameText, plural } from '../text/values.ts'

type Of<C extends Finding['code']> = Extract<Finding, { readonly code: C }>

/** Which stores a declaration lost, and why the secret stays there for now. */
export function leftStores({ cause, count, stores }: Of<'store-left'>): string {
  const it = count === 1 ? 'it' : 'them'
  const labels = enumerateTexts(stores.map(store => unbreakable(escapeControls(store))))
  switch (cause) {
    case 'not-found':
      return `lost ${plural(count, 'store')} that the configuration does not declare any more, so its secret may still be there: apply does not take it out of ${it}.`
    case 'other-host':
      return `lost ${labels}, on another host: its secret is not taken out of ${it} from here.`
    case 'cannot-remove':
      return `lost ${labels}, which cannot give up what ${count === 1 ? 'it holds' : 'they hold'}: its secret is still there.`
  }
}

/** What to do about what is left in them. */
export function leftHint({ cause }: Of<'store-left'>): string {
  const end = `declare ${unbreakable('keepRemoved: true')} for the key, which ends this warning.`
  const byHand = `take the secret out by hand, and ${end}`
  switch (cause) {
    case 'not-found':
      return `Take the secret out by hand, or rotate the key so that what is left there stops working. Then ${end}`
    case 'other-host':
      return `Run apply there, as the same user. Or ${byHand}`
    case 'cannot-remove':
      return byHand.replace(/^t/, 'T')
  }
}

/** Why a key cannot be adopted. */
export function whyNot({ cause, liveIds, owner }: Of<'cannot-adopt'>): string {
  switch (cause) {
    case 'not-found':
      return 'no live key has that id or name'
    case 'ambiguous':
      return `${enumerate(liveIds)} have that name`
    case 'managed':
      return `it is managed as ${nameText(owner ?? '')}`
    case 'unreadable':
      return 'it has a marker that cannot be read'
    case 'claimed-twice':
      return 'another key adopts it too'
  }
}

/** How it can be. */
export function wayOut({ cause, liveIds, suggestion }: Of<'cannot-adopt'>): string {
  switch (cause) {
    case 'not-found':
      return suggestion === null
        ? 'Correct it, or remove the line to make a new key.'
        : `Did you mean ${nameText(suggestion)}? Without the line a new key is made.`
    case 'ambiguous':
      return `Name one of them by its id: ${unbreakable(`adopt: ${escapeControls(liveIds[0] ?? '')}`)}`
    case 'managed':
      return 'Its stack has to give it up first, with "prune: { removed: retain }"; within one stack, "previously:" renames a key.'
    case 'unreadable':
      return 'Restore its description on the platform, or take the marker out.'
    case 'claimed-twice':
      return 'One live key is one key: keep one of the two lines.'
  }
}
