import type { Instant } from '../model/duration.ts'

/**
 * What this room asks of the host of a repository. GitHub's and GitLab's answers to it lie in folders of their own; nothing else
 * here knows which host it is. Every call may reject with a `Failure` that says what was asked, and what to do.
 */
export interface CodeHost {
  /** What the host calls things. */
  readonly words: { readonly request: 'pull request' | 'merge request'; readonly sign: '#' | '!' }
  /** What to do there where something is missing. */
  readonly hints: Readonly<Record<'credential' | 'occasion' | 'checkOut', readonly string[]>>
  /** A page of a step takes at most that many characters. */
  readonly pageLimit: number
  /** The name under which our comments, records and issues are written; what others wrote is not ours, whatever it says. */
  author(): Promise<string>
  /** A pull request as it is now. */
  request(number: number): Promise<ChangeRequest>
  /** The newest commit of a pull request, and nothing else: a cheap look before something is written. */
  head(number: number): Promise<string>
  /** The files of a commit, links and submodules among them. Rejects where the host does not list all of them. */
  files(commit: string): Promise<readonly CommittedFile[]>
  /** The content of a file, of at most 16 MB. */
  content(file: CommittedFile): Promise<Uint8Array>

  readonly notes: Notes
  readonly records: Records
  readonly issues: Issues

  /** Pull requests merged into a branch since then, the oldest merge first: those of commits that touched these paths. */
  merged(branch: string, since: Instant, paths: readonly string[]): Promise<readonly MergedRequest[]>
  /**
   * The plan files that the run which wrote the record left behind, the newest first. Only a run of the expected job of this repository
   * counts, at the head of that pull request; a file of any other is `refused`, with why.
   */
  planFiles(request: MergedRequest, record: ReviewRecord): AsyncIterable<FoundPlan>
}

/** The comments of a pull request. */
export interface Notes {
  /** All of them, the oldest first. */
  list(request: number): Promise<readonly Note[]>
  write(request: number, text: string): Promise<void>
  edit(request: number, note: Note, text: string): Promise<void>
  remove(request: number, note: Note): Promise<void>
  /** That many characters fit into one. */
  readonly limit: number
}

/** What says at a commit which plan was reviewed there: GitHub's check run, GitLab's commit status. */
export interface Records {
  /** The newest that we wrote for this stack; null: none. */
  find(commit: string, stack: string): Promise<ReviewRecord | null>
  write(commit: string, record: ReviewRecord, summary: string): Promise<void>
}

export interface Issues {
  /** Open ones, written by us. */
  open(): Promise<readonly Issue[]>
  write(title: string, text: string): Promise<void>
  edit(issue: Issue, text: string): Promise<void>
  close(issue: Issue, text: string): Promise<void>
}

export interface ChangeRequest {
  readonly number: number
  readonly state: 'open' | 'merged' | 'closed'
  /** The newest commit of the branch that is to be merged. */
  readonly head: string
  /** It comes from another repository. */
  readonly fork: boolean
  readonly base: { readonly branch: string; readonly commit: string }
  /**
   * The commit whose files are those after the merge into `base.commit`: the head itself, where it has all of the base. Null where
   * the host has none, since the two conflict or it has not merged them yet.
   */
  readonly merge: string | null
}

export interface MergedRequest {
  readonly number: number
  readonly head: string
  readonly mergedAt: Instant
}

/** One entry of a commit's tree. */
export interface CommittedFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly kind: 'file' | 'link' | 'submodule'
  /** By which the host finds the content; equal for equal contents. */
  readonly id: string
}

export interface Note {
  readonly id: string
  readonly author: string
  readonly text: string
}

/** What we keep at a commit about the plan that was shown for it. */
export interface ReviewRecord {
  readonly stack: string
  /** Of the review; null: the plan was refused, or there was none. */
  readonly digest: string | null
  /** A digest of the comment that showed the plan; null: there is no comment. */
  readonly comment: string | null
  /** By which the host finds the run that made the plan. */
  readonly run: string
  readonly verdict: 'planned' | 'refused'
}

export interface Issue {
  readonly id: string
  readonly text: string
}

export type FoundPlan =
  | { readonly ok: true; readonly text: string; readonly name: string }
  | { readonly ok: false; readonly why: string }
