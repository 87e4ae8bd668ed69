// Rules as data: groups {all|any|none: […]} and conditions, each at its place; and what may be done with them.
// A place is a list of numbers from the root: [2, 0] is the first rule in the third.
const HOWS = ['all', 'any', 'none']

const isObject = it => typeof it === 'object' && it !== null && !Array.isArray(it)
export const isGroup = rule => isObject(rule) && HOWS.some(how => how in rule)
export const howOf = group => HOWS.find(how => how in group)
export const rulesOf = group => group[howOf(group)]
export const copyOf = it => JSON.parse(JSON.stringify(it))

export const canBeDrawn = rule => isObject(rule) && (!isGroup(rule) ||
  (Object.keys(rule).length === 1 && Array.isArray(rulesOf(rule)) && rulesOf(rule).every(canBeDrawn)))

// The builder always shows a group; a single condition stands in one of its own.
export const rooted = rule => isGroup(rule) ? rule : { all: Object.keys(rule).length ? [rule] : [] }

export const at = (root, place) => place.reduce((group, n) => rulesOf(group)[n], root)
export const groupAround = (root, place) => at(root, place.slice(0, -1))

export const conditionsOf = rule => isGroup(rule) ? rulesOf(rule).flatMap(conditionsOf) : [rule]

// As the server spells it: all[0].any[1]
export const pathOf = (root, place) => {
  let path = ''
  let here = root
  for (const n of place) {
    path += `${path && '.'}${howOf(here)}[${n}]`
    here = rulesOf(here)[n]
  }
  return path
}

// Each of these changes the rules and returns the place where one goes on.
export const join = (root, place, how) => {
  const group = at(root, place)
  const rules = rulesOf(group)
  for (const old of Object.keys(group)) delete group[old]
  group[how] = rules
  return place
}

export const add = (root, place, rule) => [...place, rulesOf(at(root, place)).push(rule) - 1]

export const duplicate = (root, place) => {
  const n = place.at(-1)
  rulesOf(groupAround(root, place)).splice(n + 1, 0, copyOf(at(root, place)))
  return [...place.slice(0, -1), n + 1]
}

export const remove = (root, place) => {
  const rules = rulesOf(groupAround(root, place))
  rules.splice(place.at(-1), 1)
  return rules.length ? [...place.slice(0, -1), Math.min(place.at(-1), rules.length - 1)] : place.slice(0, -1)
}

export const wrap = (root, place) => {
  rulesOf(groupAround(root, place))[place.at(-1)] = { any: [at(root, place)] }
  return [...place, 0]
}

// The rules of a group take its place.
export const unwrap = (root, place) => {
  rulesOf(groupAround(root, place)).splice(place.at(-1), 1, ...rulesOf(at(root, place)))
  return place
}

// Over the edge of a group it goes into the group around; over a neighbouring group, into that.
export const move = (root, place, step) => {
  const [n, above] = [place.at(-1), place.slice(0, -1)]
  const rules = rulesOf(at(root, above))
  const rule = rules[n]
  const next = rules[n + step]
  if (next && isGroup(next) && !isGroup(rule)) {
    rules.splice(n, 1)
    const inner = rulesOf(next)
    const spot = step > 0 ? 0 : inner.length
    inner.splice(spot, 0, rule)
    return [...above, step > 0 ? n : n - 1, spot]
  }
  if (next) {
    rules.splice(n, 1)
    rules.splice(n + step, 0, rule)
    return [...above, n + step]
  }
  if (!above.length) return place
  rules.splice(n, 1)
  const spot = above.at(-1) + (step > 0 ? 1 : 0)
  const around = rulesOf(groupAround(root, above))
  around.splice(spot, 0, rule)
  if (rules.length) return [...above.slice(0, -1), spot]
  around.splice(step > 0 ? spot - 1 : spot + 1, 1) // the last one has left its group
  return [...above.slice(0, -1), step > 0 ? spot - 1 : spot]
}

// An example takes the place of nothing, or comes after what is there.
export const insert = (root, rules) => {
  const isEmpty = !rulesOf(root).length
  if (isEmpty && isGroup(rules)) {
    for (const old of Object.keys(root)) delete root[old]
    Object.assign(root, copyOf(rules))
    return []
  }
  if (howOf(root) === 'all' && 'all' in rules) {
    const first = rulesOf(root).length
    root.all.push(...copyOf(rules.all))
    return [first]
  }
  return add(root, [], copyOf(rules))
}

// Groups in lines, each condition on one.
export const written = (rule, indent = '') => {
  if (!isGroup(rule)) return oneLine(rule)
  const rules = rulesOf(rule)
  if (!rules.length) return `{"${howOf(rule)}": []}`
  const lines = rules.map(one => `${indent}  ${written(one, `${indent}  `)}`)
  return `{"${howOf(rule)}": [\n${lines.join(',\n')}\n${indent}]}`
}

// Spaces only between the parts: what stands within quotes stays as it is.
const oneLine = it => {
  if (Array.isArray(it)) return `[${it.map(oneLine).join(', ')}]`
  if (!isObject(it)) return JSON.stringify(it)
  return `{${Object.entries(it).map(([key, value]) => `${JSON.stringify(key)}: ${oneLine(value)}`).join(', ')}}`
}
