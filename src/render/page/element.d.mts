/** An element of the page. Its texts are escaped wherever it is drawn. */
export interface VNode {
  readonly type: unknown
  readonly props: object
}

export type Children = VNode | string | number | null | undefined | readonly Children[]

/** Attributes as they are written in HTML; absent where they are undefined or false. None is a handler or a style. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

// preact's own types bring those of browsers into the whole program, where they hide mistakes.
export declare function h(name: string, attributes: Attributes | null, ...children: Children[]): VNode
