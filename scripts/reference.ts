// Writes docs/reference.md from the definitions of the commands; a test compares the two. `npm run reference`.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { groups } from '../src/cli/command.ts'
import { commands } from '../src/cli/commands.ts'
import { configurationPage } from '../src/cli/configuration-help.ts'
import { commandPage } from '../src/cli/help.ts'
import { topics } from '../src/cli/topics.ts'
import type { HelpPage, HelpSection } from '../src/render/text/help.ts'

const file = fileURLToPath(new URL('../docs/reference.md', import.meta.url))

function cell(text: string): string {
  return text
    .trim()
    .replaceAll('|', String.raw`\|`)
    .replaceAll('<', '&lt;')
    .replaceAll('*', String.raw`\*`)
}

function term(text: string): string {
  return `\`${text.trim().replaceAll('|', String.raw`\|`)}\``
}

function sectionText({ title, rows = [], examples = [], lines = [] }: HelpSection): string {
  const table = rows.map(row => `| ${term(row.term)} | ${cell(row.text)} |`)
  return [
    ...(rows.length === 0 ? [] : [`| ${title} | |`, '| --- | --- |', ...table]),
    ...(examples.length === 0 ? [] : ['```', ...examples.map(line => `fluxloop-keys ${line}`), '```']),
    ...(lines.length === 0 ? [] : ['```yaml', ...lines, '```']),
  ].join('\n')
}

function pageText(page: HelpPage, depth: string): string {
  return [
    `${depth} ${page.title}`,
    page.summary.replace(/(?<!\.)$/, '.'),
    ...page.about,
    ...(page.usage.length === 0
      ? []
      : [['```', ...page.usage.map(line => `fluxloop-keys ${line}`), '```'].join('\n')]),
    ...page.sections.map(sectionText),
  ].join('\n\n')
}

/** The whole page, formatted as every document is. */
export async function referencePage(): Promise<string> {
  const parts = [
    '# Reference',
    'Every command with its flags, the configuration, the environment and the exit codes. This page is made from the definitions in `src/cli` by `npm run reference`; `fluxloop-keys help COMMAND` shows the same.',
    ...groups.flatMap(group => [
      `## ${group.charAt(0).toUpperCase()}${group.slice(1)}`,
      ...commands
        .filter(command => command.group === group)
        .map(command => pageText(commandPage(command), '###')),
    ]),
    ...[configurationPage, ...Object.values(topics)].map(page => pageText(page, '##')),
  ]
  return await format(parts.join('\n\n'), { ...(await resolveConfig(file)), parser: 'markdown' })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await referencePage()
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before !== text) await writeFile(file, text)
}
