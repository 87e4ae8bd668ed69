// What may be written next: elements by where they may stand, attributes of the element, values, fields and filters.
const TAGS = /<(\/?)([a-z][\w-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*?)(\/?)>/g
const KEYWORDS = ['if', 'elif', 'else', 'endif', 'for', 'endfor'].map(label => ({ label, type: 'keyword' }))

export const openTags = before => {
  const open = []
  for (const [, isEnd, name, , isAlone] of before.matchAll(TAGS)) {
    if (isEnd) { const at = open.lastIndexOf(name); if (at >= 0) open.length = at }
    else if (!isAlone && name.startsWith('mj')) open.push(name)
  }
  return open
}

const values = type => {
  const inside = /^enum\((.*)\)$/.exec(type)?.[1]
  if (inside) return inside.split(',').map(label => ({ label }))
  return type === 'boolean' ? [{ label: 'true' }, { label: 'false' }] : []
}

// `cursor` says where it ends up: between two tags, or where attributes are written.
const element = (name, isEmpty) => ({
  label: name,
  type: 'type',
  apply: (view, _completion, from, to) => {
    const rest = view.state.sliceDoc(to, to + 1)
    const insert = rest === '>' || rest === ' ' ? name : isEmpty ? `${name}  />` : `${name}></${name}>`
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + name.length + 1 }, userEvent: 'input.complete' })
  },
})

const attribute = (name, type) => ({
  label: name,
  detail: type.length < 40 ? type : type.split('(')[0],
  apply: (view, _completion, from, to) => {
    const insert = view.state.sliceDoc(to, to + 1) === '=' ? name : `${name}=""`
    const anchor = from + insert.length - (insert === name ? 0 : 1)
    view.dispatch({ changes: { from, to, insert }, selection: { anchor }, userEvent: 'input.complete' })
  },
})

const inFields = (words, inside, at) => {
  const filter = /\|\s*(\w*)$/.exec(inside)
  if (filter) {
    return { from: at - filter[1].length, options: words.filters.map(one => ({ label: one.name, detail: one.example })) }
  }
  const typed = /[\w.[\]"]*$/.exec(inside)[0]
  const fields = words.fields.map(one => ({ label: one.path, detail: one.type }))
  const options = inside.startsWith('{%') ? [...KEYWORDS, ...fields] : fields
  return { from: at - typed.length, options, validFor: /^[\w.[\]"]*$/ }
}

const inTags = (words, before, at) => {
  const end = /<\/([\w-]*)$/.exec(before)
  if (end) {
    const name = openTags(before).pop()
    return name ? { from: at - end[1].length, options: [{ label: `${name}>` }] } : null
  }
  const begin = /<([\w-]*)$/.exec(before)
  if (begin) {
    const parent = openTags(before).pop()
    const names = words.elements[parent]?.children.filter(name => words.elements[name]) ?? (parent ? Object.keys(words.elements) : ['mjml'])
    const options = names.map(name => element(name, words.elements[name].is_empty))
    return { from: at - begin[1].length, options, validFor: /^[\w-]*$/ }
  }
  const tag = /<([a-z][\w-]*)((?:\s+(?:[^<>"']|"[^"]*")*)?)$/.exec(before)
  if (tag && /\s[\w-]*$/.test(before)) {
    const typed = /[\w-]*$/.exec(before)[0]
    const held = tag[2]
    const known = Object.entries(words.elements[tag[1]]?.attributes ?? {})
    const options = known.filter(([name]) => !held.includes(` ${name}=`)).map(([name, type]) => attribute(name, type))
    return { from: at - typed.length, options, validFor: /^[\w-]*$/ }
  }
  const value = /<([a-z][\w-]*)(?:\s(?:[^<>"]|"[^"]*")*)?\s([\w-]+)="([^"{]*)$/.exec(before)
  if (!value) return null
  return { from: at - value[3].length, options: values(words.elements[value[1]]?.attributes[value[2]] ?? '') }
}

export const completing = (loading, isPlain) => async context => {
  const words = await loading
  if (!words) return null
  const before = context.state.sliceDoc(0, context.pos)
  const begun = Math.max(before.lastIndexOf('{{'), before.lastIndexOf('{%'))
  const ended = Math.max(before.lastIndexOf('}}'), before.lastIndexOf('%}'))
  if (begun > ended) return inFields(words, before.slice(begun), context.pos)
  const found = isPlain ? null : inTags(words, before, context.pos)
  if (found?.options.length) return found
  return context.explicit ? { from: context.pos, options: words.fields.map(one => ({ label: `{{ ${one.path} }}`, detail: one.type })) } : null
}
