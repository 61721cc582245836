/** Tells what is wrong with a value at a path, in words without a full stop; null: nothing. */
export type Shape = (value: unknown, path: string) => string | null

function named(path: string): string {
  return path === '' ? 'its top' : `\`${path}\``
}

export const words: Shape = (value, path) => (typeof value === 'string' ? null : `${named(path)} is not text`)

export const wholeNumber: Shape = (value, path) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? null : `${named(path)} is not a whole number`

export function oneOf(...values: readonly (string | number | boolean)[]): Shape {
  return (value, path) => (values.some(one => one === value) ? null : `${named(path)} has no known value`)
}

export function nullOr(shape: Shape): Shape {
  return (value, path) => (value === null ? null : shape(value, path))
}

export function listOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${named(path)} is not a list`
    for (const [index, item] of value.entries()) {
      const wrong = shape(item, `${path}[${index}]`)
      if (wrong !== null) return wrong
    }
    return null
  }
}

/** A map with any names. */
export function mapOf(shape: Shape): Shape {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${named(path)} is not a map`
    for (const [name, part] of Object.entries(value)) {
      const wrong = shape(part, `${path}.${JSON.stringify(name)}`)
      if (wrong !== null) return wrong
    }
    return null
  }
}

type Shapes = Readonly<Record<string, Shape>>

/** A map with these properties and no others. */
export function object(shapes: Shapes): Shape {
  return mapWith(shapes, {}, false)
}

/** A map with these properties, perhaps those of `perhaps`, and any others. */
export function openObject(shapes: Shapes, perhaps: Shapes = {}): Shape {
  return mapWith(shapes, perhaps, true)
}

function mapWith(shapes: Shapes, perhaps: Shapes, open: boolean): Shape {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return `${named(path)} is not a map`
    const properties = new Map<string, unknown>(Object.entries(value))
    const at = (name: string) => (path === '' ? name : `${path}.${name}`)
    for (const [name, shape] of Object.entries(shapes)) {
      if (!properties.has(name)) return `${named(at(name))} is missing`
      const wrong = shape(properties.get(name), at(name))
      if (wrong !== null) return wrong
    }
    for (const [name, shape] of Object.entries(perhaps)) {
      const wrong = properties.has(name) ? shape(properties.get(name), at(name)) : null
      if (wrong !== null) return wrong
    }
    const unknown = open ? undefined : [...properties.keys()].find(name => !Object.hasOwn(shapes, name))
    return unknown === undefined ? null : `${named(at(JSON.stringify(unknown)))} is unknown`
  }
}
