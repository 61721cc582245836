import type { DesiredKey } from '../../model/desired.ts'
import type { Marker } from '../../model/marker.ts'
import { storeLabel } from '../../model/store.ts'
import { escapeControls } from '../text/escape.ts'
import { minimumWidth, wrap } from '../text/layout.ts'
import type { ScreenOptions } from './written-key.ts'

/** What is known of a managed key's configuration. */
export interface ManagementNote {
  readonly marker: Marker
  readonly configuration: object | null
  readonly declared: DesiredKey | null
  readonly broken: boolean
}

export function placeOf({ position }: DesiredKey): string {
  return `${escapeControls(position.file)}:${position.line}`
}

/** `⚠️ Managed: acme-agents/ci-pipeline`, and sentences below it. */
export function note(
  { marker, broken }: ManagementNote,
  sentences: readonly string[],
  options: ScreenOptions,
): string {
  const { palette, width } = options
  const columns = Math.max(minimumWidth, width)
  const all = broken
    ? [...sentences, 'The configuration here has errors: fluxloop-keys validate shows them.']
    : sentences
  return [
    palette.bold(`⚠️ ${palette.yellow('Managed:')} this key belongs to ${marker.stack}/${marker.keyId}`),
    ...all.flatMap(sentence => wrap(sentence, columns)),
  ].join('\n')
}

export function elsewhere({ marker }: ManagementNote): string {
  return `the configuration of ${marker.stack}`
}

/** What the next plan does with an update by hand. */
export function updateNote(management: ManagementNote, options: ScreenOptions): string {
  const { declared } = management
  const where = declared === null ? elsewhere(management) : placeOf(declared)
  return note(management, [`The next plan will set it back. Edit ${where} instead, and apply.`], options)
}

/** Why the new secret of a managed key goes nowhere but to the screen; null where it goes to the key's stores. */
export type Undelivered =
  'not-the-head' | 'external' | 'no-configuration' | 'undeclared' | 'other-host' | null

function undeliveredSentences(
  management: ManagementNote,
  why: Exclude<Undelivered, null>,
): readonly string[] {
  const { marker } = management
  const stale = 'Its stores will hold a dead secret, and the next plan will mend that by a rotation.'
  switch (why) {
    case 'not-the-head':
      return [
        `It is generation ${marker.generation} and not the one at work, so its secret goes to no store.`,
      ]
    case 'external':
      return ['Others hold its secret: give them the new one.']
    case 'no-configuration':
      return [
        `Nobody delivers its new secret from here, where ${elsewhere(management)} is not at hand.`,
        stale,
      ]
    case 'undeclared':
      return ['No configuration declares it any more, so its new secret goes to no store.']
    case 'other-host':
      return [
        'Its stores are on another host or in another folder, where nobody can deliver the new secret from here.',
        stale,
      ]
  }
}

/** Where the new secret of a regenerated key goes, or why it does not. */
export function regenerationNote(
  management: ManagementNote,
  why: Undelivered,
  options: ScreenOptions,
): string {
  if (why !== null) return note(management, undeliveredSentences(management, why), options)
  const stores = management.declared?.stores.map(({ spec }) => escapeControls(storeLabel(spec))) ?? []
  return note(management, [`Its new secret goes straight into ${stores.join(', ')}.`], options)
}
