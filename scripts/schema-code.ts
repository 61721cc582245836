// What is done to every compiled schema.

/** The types of a compiled schema that says what is wrong. */
export const typesOfValidate = `import type { ErrorObject } from 'ajv'\n\nexport declare const validate: ((data: unknown) => boolean) & { errors?: (ErrorObject | undefined)[] | null }\n\n/** How many errors were not kept. */\nexport declare const skipped: { count: number }\n`

/**
 * ajv collects every error, and copies them all from part to part: a file of a million wrong properties would take gigabytes. Of those
 * beyond the first few it only counts how many there are.
 */
export function bounded(code: string): string {
  const most = 2_000
  const pushes = /vErrors\.push\((err\d+)\)/g
  const joins = /vErrors\.concat\((validate\d+\.errors)\)/g
  if (!pushes.test(code) || !joins.test(code))
    throw new Error('ajv collects its errors in another way than is known here.')
  const body = code
    .replaceAll(
      pushes,
      (_, error: string) => `(vErrors.length < ${most} ? vErrors.push(${error}) : skipped.count++)`,
    )
    .replaceAll(
      joins,
      (_, errors: string) =>
        `(vErrors.length < ${most} ? vErrors.concat(${errors}) : (skipped.count += ${errors}.length, vErrors))`,
    )
  return `${body}\nexport const skipped = { count: 0 };\n`
}

/** ajv writes its helpers as calls of \`require\`, which a module does not have. */
export function withImports(code: string): string {
  const imports: string[] = []
  const body = code.replaceAll(/require\("(ajv\/dist\/runtime\/[a-z0-9]+)"\)/g, (_, name: string) => {
    const local = `helper${imports.length}`
    imports.push(`import ${local} from '${name}.js'`)
    return local
  })
  if (body.includes('require(')) throw new Error('The compiled schema needs a helper that is not known here.')
  return `${imports.join('\n')}\n${body}`
}
