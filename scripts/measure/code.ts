// What the TypeScript compiler knows about a checkout's src.
import { relative, sep } from 'node:path'
import ts from 'typescript'

/** The sources of a checkout, with their types. */
export interface Code {
  readonly files: readonly ts.SourceFile[]
  readonly checker: ts.TypeChecker
  /** `apply/make.ts:12` */
  readonly placeOf: (node: ts.Node) => string
  /** The folder below src that a file is in; null for files of src itself. */
  readonly roomOf: (fileName: string) => string | null
}

export function readCode(checkout: string): Code {
  const file = `${checkout}/tsconfig.json`
  const config = ts.getParsedCommandLineOfConfigFile(
    file,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  )
  if (config === undefined) throw new Error(`${file} cannot be read.`)
  const src = `${checkout}/src/`
  const program = ts.createProgram(
    config.fileNames.filter(name => name.startsWith(src)),
    config.options,
  )
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(src))
  return {
    files,
    checker: program.getTypeChecker(),
    placeOf: node => {
      const source = node.getSourceFile()
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      return `${relative(src, source.fileName)}:${line + 1}`
    },
    roomOf: fileName => {
      const [room = '', ...rest] = relative(src, fileName).split(sep)
      return rest.length === 0 ? null : room
    },
  }
}

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  for (const child of node.getChildren()) yield* nodesOf(child)
}

function functionsOf({ files }: Code): readonly ts.FunctionLikeDeclaration[] {
  const all: ts.FunctionLikeDeclaration[] = []
  for (const file of files)
    for (const node of nodesOf(file))
      if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) all.push(node)
  return all
}

function linesOf(node: ts.Node): number {
  const source = node.getSourceFile()
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line
  return lineOf(node.getEnd()) - lineOf(node.getStart()) + 1
}

export function longFunctions(code: Code, most: number): readonly string[] {
  return functionsOf(code)
    .filter(node => linesOf(node) > most)
    .map(code.placeOf)
}

export function wideFunctions(code: Code, most: number): readonly string[] {
  return functionsOf(code)
    .filter(({ parameters }) => parameters.length > most)
    .map(code.placeOf)
}

/** The declaration of an exported type, wherever it is; null: there is none. */
function declaredType({ files, checker }: Code, name: string): ts.Type | null {
  for (const file of files) {
    for (const statement of file.statements) {
      if (!ts.isInterfaceDeclaration(statement) && !ts.isTypeAliasDeclaration(statement)) continue
      if (statement.name.text === name) return checker.getTypeAtLocation(statement)
    }
  }
  return null
}

/** Is it that type, or a union with it? A text or a list that the type is part of is none. */
function holds(type: ts.Type | undefined, wanted: ts.Type): boolean {
  if (type === undefined) return false
  const parts = type.isUnion() ? type.types : [type]
  return parts.some(part => part === wanted || (part.symbol as ts.Symbol | undefined) === wanted.symbol)
}

/** One reads a marker from its text, the other measures the longest text: what they make is never written to a key. */
const ofMarkerText: ReadonlySet<string> = new Set(['parseMarker', 'markerRoom'])

const isOfMarkerText = (node: ts.Node): boolean =>
  (ts.isFunctionDeclaration(node) && ofMarkerText.has(node.name?.text ?? '')) ||
  (!ts.isSourceFile(node) && isOfMarkerText(node.parent))

/**
 * The files that make a marker, by their object literals: those of which the code around them wants a Marker, and those that spread one.
 * The whole of src counts but for the functions of its text.
 */
export function markerBuilders(code: Code): readonly string[] {
  const { files, checker, placeOf } = code
  const marker = declaredType(code, 'Marker')
  if (marker === null) throw new Error('src has no type Marker.')
  const spreads = (node: ts.ObjectLiteralExpression) =>
    node.properties.some(
      property =>
        ts.isSpreadAssignment(property) && holds(checker.getTypeAtLocation(property.expression), marker),
    )
  const builds = (node: ts.Node) =>
    ts.isObjectLiteralExpression(node) &&
    node.properties.length > 0 &&
    !isOfMarkerText(node) &&
    (holds(checker.getContextualType(node), marker) || spreads(node))
  const places = files.flatMap(file => [...nodesOf(file)].filter(builds).map(placeOf))
  return [...new Set(places.map(place => place.slice(0, place.lastIndexOf(':'))))]
}

/** The texts that a property of a type can have. */
function valuesOf({ checker }: Code, type: ts.Type, name: string): readonly string[] {
  const members = type.isUnion() ? type.types : [type]
  const values = members.flatMap(member => {
    const property = member.getProperty(name)
    const own = property === undefined ? undefined : checker.getTypeOfSymbol(property)
    return own === undefined ? [] : own.isUnion() ? own.types : [own]
  })
  return [...new Set(values.flatMap(value => (value.isStringLiteral() ? [value.value] : [])))].sort()
}

function typeOfChange(code: Code): ts.Type {
  const change = declaredType(code, 'Change')
  if (change === null) throw new Error('src has no type Change.')
  return change
}

/** The kinds of step that apply executes: the verbs of the type Act where there is one, or else the kinds of the type Change. */
export function executedKinds(code: Code): readonly string[] {
  const act = declaredType(code, 'Act')
  return act === null ? valuesOf(code, typeOfChange(code), 'kind') : valuesOf(code, act, 'verb')
}

/** `change.kind`, of a change or of some kinds of it. */
function readsKind({ checker }: Code, node: ts.Node, kinds: ReadonlySet<ts.Symbol>): boolean {
  if (!ts.isPropertyAccessExpression(node) || node.name.text !== 'kind') return false
  const type = checker.getTypeAtLocation(node.expression)
  const members = type.isUnion() ? type.types : [type]
  return members.length > 0 && members.every(({ symbol }) => kinds.has(symbol))
}

/** Where src/apply decides by what kind of change it is: each `kind` that is compared or switched over. */
export function decisionsByKind(code: Code): readonly string[] {
  const { files, placeOf, roomOf } = code
  const change = typeOfChange(code)
  const kinds = new Set((change.isUnion() ? change.types : [change]).map(({ symbol }) => symbol))
  const decides = ({ parent }: ts.Node) => ts.isBinaryExpression(parent) || ts.isSwitchStatement(parent)
  return files
    .filter(({ fileName }) => roomOf(fileName) === 'apply')
    .flatMap(file => [...nodesOf(file)])
    .filter(node => readsKind(code, node, kinds) && decides(node))
    .map(placeOf)
}

/** By room, how many imports from each other room. */
export function importsBetweenRooms({
  files,
  roomOf,
}: Code): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const all = new Map<string, Map<string, number>>()
  for (const { fileName, statements } of files) {
    const from = roomOf(fileName)
    if (from === null) continue
    for (const statement of statements) {
      if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
      const { text } = statement.moduleSpecifier
      const to = text.startsWith('.') ? roomOf(new URL(text, `file://${fileName}`).pathname) : null
      if (to === null || to === from) continue
      const row = all.get(from) ?? new Map<string, number>()
      all.set(from, row.set(to, (row.get(to) ?? 0) + 1))
    }
  }
  return all
}
