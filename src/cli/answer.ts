import { renderHelp } from '../render/text/help-text.ts'
import { paletteFor, wantsColour } from '../render/text/palette.ts'
import { terminalWidth } from '../render/text/terminal-width.ts'
import { splitAtDashes } from './split-at-dashes.ts'
import type { HelpEntry } from './help.ts'
import { versionLine } from './version-line.ts'
import type { HelpPage } from '../render/text/help-text.ts'

/** Who knows the pages: the commands themselves, or what was kept of them when the program was built. */
export type HelpOn = (words: string) => HelpEntry | null

const asksForHelp = (arg: string) => arg === '-h' || arg === '--help'

/** The page that a command line (without node and script) asks for; null where it asks for none, or for one that is loaded apart. */
function pageAsked(own: readonly string[], helpOn: HelpOn): HelpPage | null {
  const [first, second] = own
  if (first === undefined || asksForHelp(first)) return helpOn('')?.page ?? null
  if (own.some(asksForHelp)) {
    const found = helpOn(`${first} ${second ?? ''}`) ?? helpOn(first)
    const isAlone = second === undefined || asksForHelp(second)
    return found !== null && (found.kind === 'command' || isAlone) ? found.page : null
  }
  if (first === 'help' && !own.some(arg => arg.startsWith('-') && arg !== '--no-color')) {
    const words = own.slice(1).filter(arg => arg !== '--no-color')
    return helpOn(words.join(' '))?.page ?? null
  }
  const alone = own.length === 1 ? helpOn(first) : null
  return alone?.kind === 'group' ? alone.page : null
}

/** What is known of standard output. */
export interface Screen {
  readonly isTTY: boolean
  readonly columns: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The help or the version, where a command line asks for nothing else. Loads no command. */
export function answerTo(
  args: readonly string[],
  version: string,
  screen: Screen,
  helpOn: HelpOn,
): string | null {
  const { own } = splitAtDashes(args)
  const [first] = own
  if (own.length === 1 && (first === '-v' || first === '--version' || first === 'version')) {
    return versionLine(version)
  }
  const page = pageAsked(own, helpOn)
  if (page === null) return null
  const palette = paletteFor(wantsColour({ ...screen, noColor: own.includes('--no-color') }))
  return renderHelp(page, { palette, width: terminalWidth(screen) })
}
