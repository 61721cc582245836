import type { Remedy } from './program-failure.ts'

export type Settings = Readonly<Record<string, string>>

/** How one official command-line tool keeps a secret. Every argument list begins after the program's name. */
export interface PresetProgram {
  readonly program: string
  readonly install: string
  /**
   * Ends with exit code 0 where the tool can work at the secret's place: a login elsewhere that has ended is no reason to fail, and one
   * that works there says nothing of here. Null: to read the secret, which is read back anyway, is to try it.
   */
  readonly probe: ((settings: Settings) => readonly string[]) | null
  /** Tried one after the other while the tool says that there is nothing to write to. */
  readonly put: readonly ((settings: Settings, version: string) => readonly string[])[]
  /** What stands on the standard input of `put`, where it is more than the secret alone. */
  readonly input?: (secret: string, settings: Settings) => string
  /** Asked before `put`: what its answer says goes into the arguments, or `absent` where there is nothing yet. */
  readonly version?: {
    readonly arguments: (settings: Settings) => readonly string[]
    readonly read: (stdout: string) => string
    readonly absent: string
  }
  readonly get: ((settings: Settings) => readonly string[]) | null
  /** What `get` printed, as the secret's text. */
  readonly output?: (stdout: string) => string
  readonly remove: (settings: Settings) => readonly string[]
  /** What stands on the standard input of `remove`. */
  readonly removeInput?: (settings: Settings) => string
  /** What the tool says where there is no such secret: words that no name of a project or a secret can hold. */
  readonly absent: RegExp
  /** The way out of what it says of trouble that has one. */
  readonly remedies?: (settings: Settings) => readonly Remedy[]
  /**
   * Lists what is at the secret's place. Asked where the tool says `absent` of what it may not see, too: GitHub and GitLab answer
   * 404 for a private project.
   */
  readonly list?: (settings: Settings) => readonly string[]
}
