import { checkVariable } from './check-variable.ts'
import { parseWait, second } from '../model/duration.ts'
import { type PresetName, presetNames, presetOf } from '../model/presets/presets.ts'
import type { ProgramLine, ProgramLines, StoreSpec } from '../model/store.ts'
import {
  type Names,
  absolutePath,
  allPlaceholders,
  fillIn,
  fillInVariable,
  unknownPlaceholders,
} from './fill-in.ts'
import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawExec, RawSettings, RawStoreMap } from './raw.ts'

/** How long a command of the user's own may take. */
const usualTimeout = 30 * second

function check(at: Located<unknown>, text: string, names: Names, report: Report): void {
  for (const name of unknownPlaceholders(text, allPlaceholders)) {
    const message = `There is no placeholder \`{${name}}\``
    const hint = 'Known here: {stack}, {key}, {name}, {environment}.'
    report(diagnosticFor(at, { code: 'unknown-placeholder', message, hint }))
  }
  if (names.environment === '' && text.includes('{environment}')) {
    const message = `\`{environment}\` stands for nothing: the key "${names.key}" has no \`environment\``
    const hint = 'Give the key one: dev, stg, prod or ci.'
    report(diagnosticFor(at, { code: 'unknown-placeholder', message, hint }))
  }
}

/** A program that is named by a path is found from the file that declares it. */
function programOf(text: string, folder: string): string {
  return text.includes('/') ? absolutePath(text, folder) : text
}

/** No key id: those have no capitals. */
const trialKey = 'Fluxloop-Keys-Doctor'

function linesFor(exec: RawExec, names: Names, folder: string): ProgramLines {
  const line = (words: ProgramLine | undefined): ProgramLine | null => {
    if (words === undefined) return null
    const [program = '', ...rest] = words.map(word => fillIn(word, names))
    return [programOf(program, folder), ...rest]
  }
  return { put: line(exec.put) ?? [], get: line(exec.get), remove: line(exec.remove) }
}

/** Every command has to name the key, or what is put for a trial would be a secret's place, or stay there. A key's own program knows no other. */
function isTriable({ put, get, remove }: RawExec): boolean {
  const namesKey = (word: string) => word.includes('{key}')
  return [put, get ?? put, remove ?? []].every(
    ([program = '', ...rest]) => !namesKey(program) && rest.some(namesKey),
  )
}

function resolveExec(at: Located<RawStoreMap>, exec: RawExec, names: Names, report: Report): StoreSpec {
  for (const command of ['put', 'get', 'remove'] as const) {
    for (const [index, word] of (exec[command] ?? []).entries())
      check({ ...at, path: [...at.path, 'exec', command, index] }, word, names, report)
  }
  const { folder } = at.part.source
  return {
    kind: 'exec',
    ...linesFor(exec, names, folder),
    trial: isTriable(exec) ? linesFor(exec, { ...names, key: trialKey }, folder) : null,
    timeout: (exec.timeout === undefined ? null : parseWait(exec.timeout)) ?? usualTimeout,
    local: exec.local ?? false,
  }
}

/** A setting as it will be said to the program. One with an unknown placeholder has been reported. */
function checkForm(
  at: Located<unknown>,
  name: string,
  text: string,
  form: { readonly pattern: RegExp; readonly words: string } | undefined,
  report: Report,
): void {
  if (text.includes('{')) return
  if (text.startsWith('-')) {
    const hint = 'The program would take it for a flag.'
    const message = `"${text}" begins with a hyphen`
    report(diagnosticFor(at, { code: 'preset-setting', message, hint }))
  } else if (form !== undefined && !form.pattern.test(text)) {
    const message = `"${text}" cannot be the \`${name}\` there`
    report(diagnosticFor(at, { code: 'preset-setting', message, hint: `It may have ${form.words}.` }))
  }
}

function resolvePreset(
  at: Located<RawStoreMap>,
  preset: PresetName,
  raw: RawSettings,
  names: Names,
  report: Report,
): StoreSpec {
  const { settings: known, oneOf = [] } = presetOf(preset)
  const settings = Object.fromEntries(
    Object.entries(raw).map(([name, value]) => {
      const text = String(value)
      const place = { ...at, path: [...at.path, preset, name] }
      check(place, text, names, report)
      const setting = known[name]
      const filled = setting?.variable === true ? fillInVariable(text, names) : fillIn(text, names)
      checkForm(place, name, filled, setting?.form, report)
      // One that the service itself would not take has been reported.
      if (setting?.variable === true && setting.form?.pattern.test(filled) === true)
        checkVariable(place, filled, report)
      const needed = setting?.goesWith
      if (needed !== undefined && raw[needed] === undefined) {
        const message = `\`${name}\` means nothing without \`${needed}\``
        const hint = `Remove it, or give \`${needed}\`.`
        report(diagnosticFor(place, { code: 'preset-setting', message, hint, onKey: true }))
      }
      return [name, filled]
    }),
  )
  const given = oneOf.filter(name => name in settings)
  if (oneOf.length > 0 && given.length !== 1) {
    const wanted = oneOf.map(name => `\`${name}\``).join(' or ')
    const message =
      given.length === 0
        ? `The store \`${preset}\` needs ${wanted}`
        : `The store \`${preset}\` takes ${wanted}, not both`
    const hint = `Give one of them.`
    const place = { ...at, path: [...at.path, preset] }
    report(diagnosticFor(place, { code: 'preset-target', message, hint, onKey: true }))
  }
  return { kind: 'preset', preset, settings }
}

/** A store that runs a program: the user's own commands, or a preset. Null where the map names neither. */
export function resolveProgram(at: Located<RawStoreMap>, names: Names, report: Report): StoreSpec | null {
  const { exec } = at.value
  if (exec !== undefined) return resolveExec(at, exec, names, report)
  for (const preset of presetNames) {
    const raw = at.value[preset]
    if (raw !== undefined) return resolvePreset(at, preset, raw, names, report)
  }
  return null
}
