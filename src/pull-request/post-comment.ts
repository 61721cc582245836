import { createHash } from 'node:crypto'
import { type CommentFacts, commentText, formerPlans } from './comment.ts'
import { type CommentState, readState } from './comment-state.ts'
import type { CodeHost, Note } from './port.ts'

interface OwnNote {
  readonly note: Note
  readonly state: CommentState
}

/** A host may change how lines end, and what is blank at the end of a text. */
function normal(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd()
}

/** By which an edited comment is found out. */
export function commentDigest(text: string): string {
  return createHash('sha256').update(normal(text)).digest('hex')
}

/** Our comments on a pull request, the oldest first: what others wrote is never one, whatever it says. */
async function ownNotes(host: CodeHost, request: number): Promise<readonly OwnNote[]> {
  const [author, notes] = await Promise.all([host.author(), host.notes.list(request)])
  return notes.flatMap(note => {
    const state = note.author === author ? readState(note.text) : null
    return state === null ? [] : [{ note, state }]
  })
}

async function ownNotesOn(host: CodeHost, request: number, stack: string): Promise<readonly OwnNote[]> {
  return (await ownNotes(host, request)).filter(({ state }) => state.stack === stack)
}

/** The stacks that comments of ours are about. */
export async function stacksShown(host: CodeHost, request: number): Promise<readonly string[]> {
  return [...new Set((await ownNotes(host, request)).map(({ state }) => state.stack))].sort()
}

/** The digest of our comment as it stands now; null: there is none. */
export async function presentComment(
  host: CodeHost,
  request: number,
  stack: string,
): Promise<{ readonly digest: string; readonly commit: string } | null> {
  const last = (await ownNotesOn(host, request, stack)).at(-1)
  return last === undefined ? null : { digest: commentDigest(last.note.text), commit: last.state.commit }
}

/** Does it say the same? Ages and dates may differ by the moment at which it was written. */
function saysTheSame(a: CommentState, b: CommentState): boolean {
  return a.commit === b.commit && a.digest === b.digest && a.rest === b.rest && a.summary === b.summary
}

/** Something widens or ends that the comment did not show. */
function isGraver(before: CommentState, after: CommentState): boolean {
  return after.grave.some(hash => !before.grave.includes(hash))
}

export interface Posted {
  /** Of the comment as it stands; null: there is none. */
  readonly digest: string | null
  readonly done: 'nothing' | 'written' | 'edited' | 'posted-anew' | 'older'
}

/**
 * Leaves one comment of ours for the stack, with what is shown now. An edit notifies nobody: where more widens or ends than before, it is
 * posted anew. What is shown for a commit that is not the newest any more overwrites nothing. `quiet`: where nothing changes, no comment is begun.
 * `recorded`: the digest of the comment as we left it; one that somebody edited is written again.
 */
export async function postComment(
  host: CodeHost,
  request: number,
  facts: CommentFacts,
  { quiet, recorded }: { readonly quiet: boolean; readonly recorded: string | null },
): Promise<Posted> {
  const own = await ownNotesOn(host, request, facts.stack)
  const last = own.at(-1)
  const { text, state } = commentText(facts, formerPlans(last?.state ?? null, facts.commit), host.notes.limit)
  const isNewest = async () => (await host.head(request)) === facts.commit
  const present = last === undefined ? null : commentDigest(last.note.text)
  if (last === undefined && quiet) return { digest: null, done: 'nothing' }
  if (last !== undefined && present === recorded && saysTheSame(last.state, state)) {
    await removeAll(host, request, own.slice(0, -1))
    return { digest: present, done: 'nothing' }
  }
  // The last look before writing: a newer plan may have come meanwhile.
  if (!(await isNewest())) return { digest: present, done: 'older' }
  const digest = commentDigest(text)
  if (last !== undefined && !isGraver(last.state, state)) {
    await host.notes.edit(request, last.note, text)
    await removeAll(host, request, own.slice(0, -1))
    return { digest, done: 'edited' }
  }
  await host.notes.write(request, text)
  await removeAll(host, request, own)
  return { digest, done: last === undefined ? 'written' : 'posted-anew' }
}

async function removeAll(host: CodeHost, request: number, notes: readonly OwnNote[]): Promise<void> {
  for (const { note } of notes) await host.notes.remove(request, note)
}
