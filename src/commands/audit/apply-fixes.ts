import { readFile, realpath } from 'node:fs/promises'
import { findFiles } from '../../config/find-files.ts'
import type { TextEdit } from '../../config/edit-list.ts'
import { type FixableText, type Roles, edited, fixableText } from '../../config/fix-yaml.ts'
import { loadConfiguration } from '../../config/load.ts'
import { meansOnly } from '../../config/means-only.ts'
import { withoutByteOrderMark as withoutMark } from '../../model/byte-order-mark.ts'
import type { DesiredState } from '../../model/desired.ts'
import type { KeyFix, LeftAlone } from '../../model/fix.ts'

/** A file's text as it was read, and as it is to be. */
export interface FixedFile {
  readonly path: string
  readonly before: string
  readonly after: string
}

export interface Applied {
  readonly files: readonly FixedFile[]
  readonly fixed: readonly KeyFix[]
  readonly left: readonly LeftAlone[]
}

async function textOf(path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path))
}

const rulesOf = ({ permissions, scope }: KeyFix): string =>
  permissions !== null ? 'unused-permission' : scope !== null ? 'unused-project' : 'no-expiry'

/** A fix, and what it changes in one file. */
interface Made {
  readonly fix: KeyFix
  readonly file: string
  readonly edits: readonly TextEdit[]
}

/** Each file is parsed once, whatever the number of its fixes. */
function editsIn(texts: ReadonlyMap<string, string>, fixes: readonly KeyFix[], roles: Roles) {
  const declaring = new Map<string, { readonly file: string; readonly fixable: FixableText }>()
  for (const [file, text] of texts) {
    const fixable = fixableText(withoutMark(text))
    for (const keyId of fixable.keyIds) if (!declaring.has(keyId)) declaring.set(keyId, { file, fixable })
  }
  const made: Made[] = []
  const left: LeftAlone[] = []
  for (const fix of fixes) {
    const { keyId } = fix
    const found = declaring.get(keyId)
    const fixing = found?.fixable.editsFor(fix, roles) ?? { why: 'its declaration was not found' }
    if (found === undefined || 'why' in fixing)
      left.push({ keyId, rule: rulesOf(fix), why: 'why' in fixing ? fixing.why : '' })
    else made.push({ fix, file: found.file, edits: fixing })
  }
  return { made, left }
}

/** The files that change, as they are to be. */
function textsWith(before: ReadonlyMap<string, string>, made: readonly Made[]): Map<string, string> {
  const edits = new Map<string, TextEdit[]>()
  for (const { file, edits: own } of made) {
    const all = edits.get(file) ?? []
    all.push(...own)
    edits.set(file, all)
  }
  return new Map(
    [...edits].map(([file, own]) => {
      const text = before.get(file) ?? ''
      const body = withoutMark(text)
      return [file, text.slice(0, text.length - body.length) + edited(body, own)]
    }),
  )
}

/** As many as mean nothing else, next to those that are known to be: where all do not, each half is tried. */
async function validOf(
  known: readonly Made[],
  made: readonly Made[],
  isValid: (made: readonly Made[]) => Promise<boolean>,
): Promise<readonly Made[]> {
  if (made.length === 0) return known
  if (await isValid([...known, ...made])) return [...known, ...made]
  if (made.length === 1) return known
  const middle = made.length >> 1
  const first = await validOf(known, made.slice(0, middle), isValid)
  return await validOf(first, made.slice(middle), isValid)
}

/**
 * Works the fixes into the texts of the configuration. Each result is loaded again: what would mean anything else than the
 * fixes is dropped, and said. Nothing is written.
 */
export async function applyFixes(
  desired: DesiredState,
  fixes: readonly KeyFix[],
  roles: Roles,
  { paths, cwd }: { readonly paths: readonly string[]; readonly cwd: string },
): Promise<Applied> {
  const { files } = await findFiles(paths, cwd)
  const before = new Map<string, string>()
  for (const file of files) before.set(file, await textOf(file))
  const { made, left } = editsIn(before, fixes, roles)
  const isValid = async (some: readonly Made[]) => {
    const instead = new Map([...textsWith(before, some)].map(([file, text]) => [file, withoutMark(text)]))
    const loaded = await loadConfiguration({ paths, cwd, now: null, instead })
    return (
      loaded.ok &&
      meansOnly(
        desired,
        loaded.desired,
        some.map(({ fix }) => fix),
      )
    )
  }
  const valid = await validOf([], made, isValid)
  const kept = new Set(valid)
  for (const { fix } of made.filter(each => !kept.has(each))) {
    const why = 'the edited configuration would mean more than this fix: do it by hand'
    left.push({ keyId: fix.keyId, rule: rulesOf(fix), why })
  }
  const texts = textsWith(before, valid)
  const changed = await Promise.all(
    [...before].flatMap(([file, text]) => {
      const after = texts.get(file)
      return after === undefined || after === text
        ? []
        : [realpath(file).then(path => ({ path, before: text, after }))]
    }),
  )
  return { files: changed, fixed: valid.map(({ fix }) => fix), left }
}
