// A page of the help as one of the manual: troff with the macros of man(7).
import type { HelpPage, HelpSection } from '../src/render/text/help-text.ts'

const program = 'fluxloop-keys'

/** A backslash, a dot or quote that begins a line, and a dash that somebody copies would not come out as they are. */
function escaped(text: string): string {
  return text
    .trim()
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`)
}

function sectionLines({ title, rows = [], examples = [], lines = [] }: HelpSection): readonly string[] {
  return [
    `.SH "${escaped(title).toUpperCase()}"`,
    ...rows.flatMap(({ term, text }) => [
      '.TP',
      `.B "${escaped(term).replaceAll('"', String.raw`\(dq`)}"`,
      escaped(text),
    ]),
    ...(examples.length === 0
      ? []
      : ['.EX', ...examples.map(line => escaped(`$ ${program} ${line}`)), '.EE']),
    ...(lines.length === 0 ? [] : ['.EX', ...lines.map(line => line.replace(/\S.*$/, escaped)), '.EE']),
  ]
}

export interface ManPage {
  /** `fluxloop-keys-plan.1` */
  readonly file: string
  readonly text: string
}

/** `name` is that of the page, such as `fluxloop-keys-plan`; the section of commands is 1, of files 5, of all else 7. */
export function manPage(page: HelpPage, name: string, section: 1 | 5 | 7, version: string): ManPage {
  const { summary, about, usage, sections } = page
  const lines = [
    // Without a date: the same commit gives the same bytes.
    `.TH "${escaped(name).toUpperCase()}" "${section}" "" "${program} ${version}" ""`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(summary)}`,
    ...(usage.length === 0
      ? []
      : ['.SH SYNOPSIS', ...usage.flatMap(line => [`.B ${program}`, escaped(line), '.br'])]),
    ...(about.length === 0 ? [] : ['.SH DESCRIPTION', ...about.flatMap(text => ['.PP', escaped(text)])]),
    ...sections.flatMap(sectionLines),
    ...(name === program ? [] : ['.SH "SEE ALSO"', `.BR ${escaped(program)} (1)`]),
  ]
  return { file: `${name}.${section}`, text: `${lines.join('\n')}\n` }
}
