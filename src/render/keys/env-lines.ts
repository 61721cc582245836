/** A variable with its value, which is visible ASCII. */
export interface EnvLine {
  readonly name: string
  readonly value: string
}

/** How a text is quoted so that nothing in it means anything. */
const quoted = {
  sh: (value: string) => `'${value.replaceAll("'", `'\\''`)}'`,
  fish: (value: string) => `'${value.replaceAll(/[\\']/g, '\\$&')}'`,
  powershell: (value: string) => `'${value.replaceAll("'", "''")}'`,
  // Unquoted wherever it can be: docker's --env-file takes quotes for a part of the value.
  dotenv: (value: string) => (/^[\w./:@%+,=-]+$/.test(value) ? value : `'${value}'`),
} as const

type Lines = (variables: readonly EnvLine[], delimiter: string) => string

const each =
  (line: (variable: EnvLine, delimiter: string) => string): Lines =>
  (variables, delimiter) =>
    variables.map(variable => `${line(variable, delimiter)}\n`).join('')

const formats = {
  sh: each(({ name, value }) => `export ${name}=${quoted.sh(value)}`),
  fish: each(({ name, value }) => `set -gx ${name} ${quoted.fish(value)}`),
  powershell: each(({ name, value }) => `$env:${name} = ${quoted.powershell(value)}`),
  dotenv: each(({ name, value }) => `${name}=${quoted.dotenv(value)}`),
  'github-env': each(({ name, value }, delimiter) => `${name}<<${delimiter}\n${value}\n${delimiter}`),
  json: variables =>
    `${JSON.stringify(Object.fromEntries(variables.map(({ name, value }) => [name, value])))}\n`,
} as const satisfies Readonly<Record<string, Lines>>

export type EnvFormat = keyof typeof formats

export const envFormats = Object.keys(formats) as readonly EnvFormat[]

/**
 * Variables as lines that a shell, a dotenv reader or a GitHub step understands. `delimiter` stands around each value of
 * `github-env`; no value may hold it, so it is random. dotenv readers disagree on values with ' and \, which must not come here.
 */
export function renderEnvLines(variables: readonly EnvLine[], format: EnvFormat, delimiter: string): string {
  return formats[format](variables, delimiter)
}
