// The parts of a condition as inputs, by the kind that the vocabulary names for each.
import { chips, day, duration, field, make, number, numberOf, said, select, sign } from './pieces.js'

// `ctx`: {words, names, raw, change(key, mutate, redraw), marks(part, label), list(name)}
export const draw = (part, ctx) => READERS[part.kind](part, ctx)

const set = (ctx, key, value, redraw = false) => ctx.change(key, raw => {
  if (value === undefined) delete raw[key]
  else raw[key] = value
}, redraw)

const label = (part, ctx) => part.label ? said(part.label) : null
const CALLED = { events: 'Event', attributes: 'Attribute', interests: 'Interest', topics: 'Topic', segments: 'Segment' }
const what = (part, ctx) => part.label || CALLED[part.suggests] || ctx.kind.label

const name = (part, ctx) => {
  const isMark = part.is_needed
  const tell = value => set(ctx, part.name, value || (isMark ? '' : undefined))
  const marks = { ...ctx.marks(part.name, what(part, ctx)), placeholder: part.is_needed ? '' : 'any' }
  if (part.suggests === 'topics') return [label(part, ctx), select(ctx.raw[part.name], ctx.names.topics, tell, marks)]
  const made = field(ctx.raw[part.name], tell, { ...marks, list: ctx.list(part.suggests, ctx.raw.funnel) })
  // Another attribute has another type, and other comparisons with it.
  if (part.suggests === 'attributes') made.addEventListener('change', () => ctx.redraw())
  return [label(part, ctx), made]
}

const names = (part, ctx) => {
  const steps = ctx.raw[part.name]
  if (!Array.isArray(steps)) return []
  const tell = (mutate, redraw) => ctx.change(part.name, raw => mutate(raw[part.name]), redraw)
  return [
    steps.map((step, n) => [
      n ? said('then') : null,
      field(step, value => tell(list => { list[n] = value }), { ...ctx.marks(`${part.name}[${n}]`, `Step ${n + 1}`), list: ctx.list(part.suggests) }),
      steps.length > part.least ? sign(`Remove step ${n + 1}`, 'x', () => tell(list => list.splice(n, 1), true)) : null,
    ]),
    steps.length < part.most ? sign('Add a step', 'plus', () => tell(list => list.push(''), `${part.name}[${steps.length}]`)) : null,
  ]
}

const choice = (part, ctx) => [
  label(part, ctx),
  select(ctx.raw[part.name] ?? part.choices[0][0], part.choices, value => set(ctx, part.name, value, true), ctx.marks(part.name, what(part, ctx))),
]

const whole = (part, ctx) => {
  const made = number(ctx.raw[part.name], value => set(ctx, part.name, value), { ...ctx.marks(part.name, part.label), placeholder: part.is_needed ? '' : '1' })
  return part.is_needed ? [made, label(part, ctx)] : [label(part, ctx), made]
}

const id = (part, ctx) => {
  const known = ctx.names[part.suggests] ?? []
  const tell = value => set(ctx, part.name, value === undefined || value === '' ? (part.is_needed ? null : undefined) : value)
  const marks = ctx.marks(part.name, what(part, ctx))
  if (!known.length && part.suggests !== 'segments') return [label(part, ctx), number(ctx.raw[part.name], tell, { ...marks, placeholder: 'any' })]
  const choices = part.is_needed ? known : [['', 'any'], ...known]
  return [label(part, ctx), select(ctx.raw[part.name], choices, value => tell(numberOf(value)), marks)]
}

const span = (part, ctx) => [
  label(part, ctx),
  duration(ctx.raw[part.name], value => set(ctx, part.name, value), { ...ctx.marks(part.name, what(part, ctx)), placeholder: part.is_needed ? '' : 'any' }),
]

const times = (part, ctx) => {
  const held = ctx.raw[part.name]
  const how = held ? Object.keys(held)[0] : ''
  const isNever = how === 'exactly' && held.exactly === 0
  const choices = [['', 'at least once'], ...Object.entries(ctx.words.times), ['never', 'never']]
  const choose = value => set(ctx, part.name, value === 'never' ? { exactly: 0 } : value ? { [value]: Math.max(1, Number(held?.[how]) || 1) } : undefined, true)
  return [
    select(isNever ? 'never' : how, choices, choose, ctx.marks('times', 'How often')),
    how && !isNever ? [
      number(held[how], value => set(ctx, part.name, { [how]: value ?? null }), ctx.marks(`times.${how}`, 'How many times')),
      said(held[how] === 1 ? 'time' : 'times'),
    ] : null,
  ]
}

const within = (part, ctx) => {
  const held = ctx.raw[part.name]
  const how = !held ? '' : 'last' in held ? 'last' : 'since' in held ? 'since' : 'days'
  const begin = { '': undefined, last: { last: '30d' }, since: { since: 'last_run' }, days: { from: today(-30) } }
  const tell = (key, value) => ctx.change(part.name, raw => {
    if (value === undefined) delete raw[part.name][key]
    else raw[part.name][key] = value
  })
  const choices = [...(part.is_needed ? [] : [['', 'at any time']]), ['last', 'in the last'], ['days', 'between the days'], ['since', 'since the last run']]
  return [
    select(how, choices, value => set(ctx, part.name, begin[value], true), ctx.marks('within', 'When')),
    how === 'last' ? duration(held.last, value => tell('last', value ?? ''), ctx.marks('within.last', 'In the last')) : null,
    how === 'days' ? [
      day(held.from, value => tell('from', value), ctx.marks('within.from', 'From')),
      said('and'),
      day(held.to, value => tell('to', value), ctx.marks('within.to', 'To')),
    ] : null,
  ]
}

const today = days => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10)

// Rows of property, comparison, value. `path` leads to the list within the condition.
const whereRows = (list, path, ctx, mutate) => [
  list.map((one, n) => make('span', { class: 'where-row' },
    said(n ? 'and' : 'where'),
    field(one.property, value => mutate(rows => { rows[n].property = value }), { ...ctx.marks(`${path}[${n}].property`, 'Property'), placeholder: 'property' }),
    select(one.op ?? 'equals', opsOf(ctx, ctx.words.of_properties), value => mutate(rows => reop(rows[n], value, ctx, null), true), ctx.marks(`${path}[${n}].op`, 'Comparison')),
    operand(one.op ?? 'equals', null, one.value, (value, redraw) => mutate(rows => give(rows[n], value), redraw), ctx, `${path}[${n}].value`),
    sign('Remove this property', 'x', () => mutate(rows => rows.splice(n, 1), true)))),
]

const where = (part, ctx) => {
  const list = Array.isArray(ctx.raw.where) ? ctx.raw.where : []
  const mutate = (change, redraw) => ctx.change('where', raw => {
    change(raw.where ??= [])
    if (!raw.where.length && !part.is_needed) delete raw.where
  }, redraw)
  return [whereRows(list, 'where', ctx, mutate), addWhere(list, 'where', mutate)]
}

const addWhere = (list, path, mutate) => sign(list.length ? 'One more property' : 'Only where a property …', 'filter-plus',
  () => mutate(rows => rows.push({ property: '', op: 'equals' }), `${path}[${list.length}].property`))

const nth = (part, ctx) => {
  const held = ctx.raw.nth ?? {}
  const mutate = (change, redraw) => ctx.change('nth', raw => change(raw.nth), redraw)
  const rows = Array.isArray(held.where) ? held.where : []
  const inWhere = (change, redraw) => mutate(one => {
    change(one.where ??= [])
    if (!one.where.length) delete one.where
  }, redraw)
  return [
    field(held.event, value => mutate(one => { one.event = value }), { ...ctx.marks('nth.event', 'Event'), list: ctx.list('events') }),
    said('time number'),
    number(held.n, value => mutate(one => { one.n = value ?? null }), ctx.marks('nth.n', 'Time number')),
    whereRows(rows, 'nth.where', ctx, inWhere),
    addWhere(rows, 'nth.where', inWhere),
  ]
}

const last = (part, ctx) => [
  field(ctx.raw.last?.event, value => ctx.change('last', raw => { raw.last = { event: value } }), { ...ctx.marks('last.event', 'Event'), list: ctx.list('events') }),
]

const opsOf = (ctx, names) => names.map(one => [one, ctx.words.ops[one].label])

// The type of what is compared: of an attribute as it is known here, of a column always; null where nobody knows it.
const typeOf = ctx => 'attribute' in ctx.raw ? ctx.names.attributes[ctx.raw.attribute] ?? null : ctx.words.columns[ctx.raw.field] ?? null

const op = (part, ctx) => {
  const type = typeOf(ctx)
  const fitting = opsOf(ctx, type ? ctx.words.by_kind[type] : ctx.words.any_kind)
  return select(ctx.raw.op, fitting, value => ctx.change('op', raw => reop(raw, value, ctx, type), true), ctx.marks('op', 'Comparison'))
}

// A value stays as long as the new comparison takes one of its shape.
const reop = (raw, name, ctx, type) => {
  const [before, after] = [ctx.words.ops[raw.op ?? 'equals']?.takes, ctx.words.ops[name].takes]
  raw.op = name
  if (before === after) return
  const [single, kept] = [['one', 'text', 'size', 'time'], raw.value]
  if (single.includes(before) && single.includes(after)) return
  delete raw.value
  if (kept === undefined) return
  if (after === 'many') raw.value = [kept].flat().filter(one => ['string', 'number', 'boolean'].includes(typeof one))
  else if (single.includes(after) && Array.isArray(kept) && kept.length) raw.value = kept[0]
}

const give = (raw, value) => {
  if (value === undefined) delete raw.value
  else raw.value = value
}

const value = (part, ctx) => {
  const type = typeOf(ctx)
  const made = operand(ctx.raw.op, type, ctx.raw.value, (value, redraw) => ctx.change('value', raw => give(raw, value), redraw), ctx, 'value')
  return [made, type && 'attribute' in ctx.raw ? make('span', { class: 'faint' }, type) : null]
}

const sumOp = (part, ctx) => select(ctx.raw.op, opsOf(ctx, ctx.words.sum_ops), value => ctx.change('op', raw => reop(raw, value, ctx, 'numeric'), true), ctx.marks('op', 'Comparison'))

const sum = (part, ctx) => {
  const hint = make('span', { class: 'faint' })
  const say = value => {
    const isMoney = ctx.raw.orders === 'spent' && typeof value === 'number'
    hint.textContent = isMoney ? `= ${(value / 100).toLocaleString('en', { minimumFractionDigits: 2 })}` : ''
  }
  say(ctx.raw.value)
  return [operand(ctx.raw.op, 'numeric', ctx.raw.value, value => { say(value); set(ctx, 'value', value) }, ctx, 'value'), hint]
}

// One input, or several, for what a comparison takes.
const operand = (op, type, held, tell, ctx, path) => {
  const marks = ctx.marks(path, 'Value')
  const takes = ctx.words.ops[op]?.takes
  if (takes === 'nothing' || takes === undefined) return null
  if (takes === 'duration') return duration(typeof held === 'string' ? held : '', tell, marks)
  if (takes === 'two') return two(type, Array.isArray(held) ? held : [], tell, ctx, path)
  if (takes === 'many') return chips(Array.isArray(held) ? held : [], word => type === 'string' ? word : plain(word), list => tell(list.length ? list : undefined), marks)
  if (takes === 'text') return field(held, value => tell(value || undefined), marks)
  if (takes === 'time' || type === 'date' || type === 'timestamp') return day(held, tell, marks)
  if (type === 'numeric') return number(held, tell, marks)
  if (type === 'boolean') return select(held === undefined ? '' : String(held), [['', '…'], ['true', 'yes'], ['false', 'no']], word => tell(word ? word === 'true' : undefined), marks)
  if (type === 'string') return field(held, value => tell(value || undefined), marks)
  return untyped(held, tell, marks, path)
}

const plain = word => word === 'true' ? true : word === 'false' ? false : numberOf(word)

const two = (type, held, tell, ctx, path) => {
  const now = [held[0], held[1]]
  const one = n => {
    const give = value => { now[n] = value; tell(now.every(it => it === undefined) ? undefined : now.map(it => it ?? null)) }
    const marks = ctx.marks(`${path}[${n}]`, n ? 'To' : 'From')
    if (type === 'date' || type === 'timestamp') return day(now[n], give, marks)
    return number(now[n], give, marks)
  }
  return [one(0), said('and'), one(1)]
}

// Nobody has said which type it has: digits are taken for a number until somebody says otherwise.
const untyped = (held, tell, marks, path) => {
  const typeNow = typeof held === 'number' ? 'number' : typeof held === 'boolean' ? 'yes' : 'text'
  let isChosen = held !== undefined
  if (typeNow === 'yes') {
    return [
      select(String(held), [['true', 'yes'], ['false', 'no']], word => tell(word === 'true'), marks),
      kindOf('yes', kind => tell(kind === 'text' ? 'yes' : undefined, true), marks),
    ]
  }
  const made = field(held, word => {
    if (!isChosen || !word) { isChosen = false; kind.value = typeof numberOf(word) === 'number' ? 'number' : 'text' }
    tell(word === '' ? undefined : kind.value === 'number' ? numberOf(word) : word)
  }, marks)
  const kind = kindOf(typeNow, chosen => {
    isChosen = true
    if (chosen === 'yes') tell(true, true)
    else if (made.value) tell(chosen === 'number' ? numberOf(made.value) : made.value)
  }, marks)
  return [made, kind]
}

const kindOf = (now, choose, marks) => select(now, [['text', 'text'], ['number', 'number'], ['yes', 'yes/no']], choose,
  { class: 'form-select of-kind', 'aria-label': 'Type of the value', 'data-part': `${marks['data-part']}-kind` })

const READERS = {
  name, names, choice, whole, id, duration: span, times, within, where, nth, last, op, value, sum_op: sumOp, sum,
}
