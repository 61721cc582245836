import { renderHelp } from '../render/text/help-text.ts'
import { paletteFor, wantsColour } from '../render/text/palette.ts'
import { terminalWidth } from '../render/text/terminal-width.ts'
import { splitAtDashes } from './arguments.ts'
import type { Command } from './command.ts'
import { commands, versionLine } from './commands.ts'
import { groupOf, pageOf, spellings } from './help.ts'
import type { HelpPage } from '../render/text/help-text.ts'

const asksForHelp = (arg: string) => arg === '-h' || arg === '--help'

/** A command line that begins with this command. */
function begins(command: Command, words: readonly string[]): boolean {
  return spellings(command).some(spelling => {
    const parts = spelling.split(' ')
    return parts.every((part, index) => words[index] === part)
  })
}

/** The page that a command line (without node and script) asks for; null where it asks for none, or for one that is loaded apart. */
function pageAsked(own: readonly string[]): HelpPage | null {
  const [first, second] = own
  if (first === undefined || asksForHelp(first)) return pageOf([], commands)
  if (own.some(asksForHelp)) {
    const command = commands.find(each => begins(each, own))
    if (command !== undefined) return pageOf([command.name], commands)
    return second === undefined || asksForHelp(second) ? pageOf([first], commands) : null
  }
  if (first === 'help' && !own.some(arg => arg.startsWith('-') && arg !== '--no-color')) {
    return pageOf(
      own.slice(1).filter(arg => arg !== '--no-color'),
      commands,
    )
  }
  const isGroup = own.length === 1 && groupOf(first, commands).length > 0
  return isGroup ? pageOf([first], commands) : null
}

/** What is known of standard output. */
export interface Screen {
  readonly isTTY: boolean
  readonly columns: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The help or the version, where a command line asks for nothing else. Loads no command. */
export function answerTo(args: readonly string[], version: string, screen: Screen): string | null {
  const { own } = splitAtDashes(args)
  const [first] = own
  if (own.length === 1 && (first === '-v' || first === '--version' || first === 'version')) {
    return versionLine(version)
  }
  const page = pageAsked(own)
  if (page === null) return null
  const palette = paletteFor(wantsColour({ ...screen, noColor: own.includes('--no-color') }))
  return renderHelp(page, { palette, width: terminalWidth(screen) })
}
