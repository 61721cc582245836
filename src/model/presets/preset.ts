/** What a setting of a preset may be. */
interface Setting {
  readonly text: string
  readonly required?: boolean
  /** It names a variable: placeholders are filled in with capitals and underscores. */
  readonly variable?: boolean
  readonly values?: readonly string[]
  /** It means nothing without this other one. */
  readonly goesWith?: string
  /** What the service takes. */
  readonly form?: Form
}

interface Form {
  readonly pattern: RegExp
  readonly words: string
}

export type Settings = Readonly<Record<string, string>>

/** The way out of what a program says. */
export interface Remedy {
  readonly said: RegExp
  readonly hint: string
}

/** How one official command-line tool keeps a secret. Every argument list begins after the program's name. */
interface Program {
  readonly program: string
  readonly install: string
  /**
   * Ends with exit code 0 where the tool can work at the secret's place: a login elsewhere that has ended is not a reason to fail, and one
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
  /** What the tool says where the secret is missing: words that no name of a project or a secret can hold. */
  readonly absent: RegExp
  /** The way out of what it says of trouble that has one. */
  readonly remedies?: (settings: Settings) => readonly Remedy[]
  /**
   * Lists what is at the secret's place. Asked where the tool says `absent` of what it may not see, too: GitHub and GitLab answer
   * 404 for a private project.
   */
  readonly list?: (settings: Settings) => readonly string[]
}

/** A store that is the official command-line tool of another service: its settings, and what is run. */
export interface Preset extends Program {
  readonly text: string
  readonly settings: Readonly<Record<string, Setting>>
  /** At least one of them has to be there. */
  readonly oneOf?: readonly string[]
  readonly readable: boolean
  /** Does it belong to one person's machine? */
  readonly local: boolean
  /** The setting that another place next to it differs in. */
  readonly siblingSetting: string
  /** Settings that do not make another place: the whole is written at once, or they say who may read it. */
  readonly within?: readonly string[]
  /** What holds where nothing is said, as far as it says where the secret is. */
  readonly defaults?: Settings
  /** The service does not tell capitals from small letters. */
  readonly caseless?: boolean
  /** Where it puts the secret, in words. */
  readonly place: (settings: Settings) => string
}

export function parts(...all: readonly (string | undefined)[]): string {
  return all.filter(part => part !== undefined).join(' ')
}

const variableForm: Form = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,254}$/,
  words: 'letters, digits and underscores, with no digit first',
}
export const fieldForm: Form = {
  pattern: /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$/,
  words: 'letters, digits, _, - and .',
}

export const variable = {
  text: 'The name of the variable.',
  required: true,
  variable: true,
  form: variableForm,
} as const

export function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value]
}

/** Empty where it is not set, which the configuration does not allow of what is required. */
export const valueOf = (settings: Settings, name: string) => settings[name] ?? ''
