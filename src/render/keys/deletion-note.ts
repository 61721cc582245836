import type { DesiredKey } from '../../model/desired.ts'
import { type Instant, formatDate } from '../../model/duration.ts'
import { escapeControls } from '../text/escape.ts'
import { type ManagementNote, elsewhere, note, placeOf } from './management.ts'
import type { ScreenOptions } from './written-key.ts'

/** What the next plan does with a key id that has lost one of its live keys. */
export type AfterDeletion =
  /** Another one leads. */
  | { readonly kind: 'goes-on' }
  | { readonly kind: 'created' }
  /** None leads, and its users may have the secret of one that lives. */
  | { readonly kind: 'replaced'; readonly liveId: string }
  | { readonly kind: 'healed'; readonly liveId: string }
  /** `adopt:` names nothing that lives. */
  | { readonly kind: 'not-adopted'; readonly adopt: string }
  | { readonly kind: 'name-taken'; readonly liveId: string }
  | { readonly kind: 'date-past'; readonly at: Instant }

/** What is known of a managed key that is about to be deleted by hand. */
export interface DeletionNote extends ManagementNote {
  /** Its declaration under whatever name: it may be about to be renamed. */
  readonly declaredNow: DesiredKey | null
  readonly next: AfterDeletion
  /** What a plan would do with it, where nothing declares it. */
  readonly undeclared: 'revoked' | 'released' | 'protected'
}

const undeclaredTexts: Readonly<Record<DeletionNote['undeclared'], string>> = {
  revoked: 'No configuration declares it any more: the next plan would revoke it anyway.',
  released: 'No configuration declares it any more: the next plan would release it.',
  protected: 'No configuration declares it any more, but it is protected: no plan would revoke it.',
}

/** With what the next plan does, as the end of a sentence. */
function nextText(next: Exclude<AfterDeletion, { kind: 'goes-on' }>): string {
  switch (next.kind) {
    case 'created':
      return 'the next plan will create it again, with a new secret.'
    case 'replaced':
      return `the next plan will replace ${next.liveId}, which had retired for it, by a new key. Where that was less than 15 minutes ago, the plan waits for the run that did it.`
    case 'healed':
      return `the next plan will finish ${next.liveId}, which was made and not delivered, or make another key in its place.`
    case 'not-adopted':
      return `it has "adopt: ${escapeControls(next.adopt)}", which names no other key: the next plan holds it back until that line is removed, and then makes a new key.`
    case 'name-taken':
      return `${next.liveId} has its name and is not managed, so the next plan holds it back.`
    case 'date-past':
      return `it ended on ${formatDate(next.at)}, as declared: the next plan makes no other.`
  }
}

/** What the next plan does after a deletion by hand. */
export function deletionNote(deletion: DeletionNote, options: ScreenOptions): string {
  const { configuration, declaredNow, next, marker, undeclared } = deletion
  if (next.kind === 'goes-on') {
    const sentence = `It is generation ${marker.generation} and not the one at work, so the next plan goes on without it.`
    return note(deletion, [sentence], options)
  }
  if (declaredNow !== null) {
    const sentences = [
      `It is declared in ${placeOf(declaredNow)}: ${nextText(next)}`,
      'To end it for good, remove it there, and apply.',
    ]
    return note(deletion, sentences, options)
  }
  const sentence =
    configuration === null
      ? `Where ${elsewhere(deletion)} still declares it, ${nextText(next)}`
      : undeclaredTexts[undeclared]
  return note(deletion, [sentence], options)
}
