// One input for each kind of part that blocks.py knows; each answers with its element and calls `set` with what it holds.
import { fresh, make, menu, named, press, sign } from './parts.js'

const INSTEAD = { 'customer.first_name': 'there' }
const written = path => `{{ ${path} | default("${INSTEAD[path] ?? ''}") }}`
const NUMBERS = [2, 3]

export class Inputs {
  constructor(known, pick) {
    this.known = known
    this.pick = pick
  }

  draw(part, value, set, block) {
    return (this[part.kind] ?? this.words).call(this, part, value ?? part.default, set, block)
  }

  line(part, value, set, properties = {}) {
    return make('input', { className: 'form-control', type: 'text', value: value ?? '', autocomplete: 'off', oninput: event => set(event.target.value), ...properties })
  }

  words(part, value, set) { return this.withFields(part, this.line(part, value, set), set) }

  link(part, value, set) { return this.withFields(part, this.line(part, value, set, { inputMode: 'url' }), set) }

  marked(part, value, set) {
    const text = make('textarea', { className: 'form-control', rows: 5, value: value ?? '', oninput: event => set(event.target.value) })
    return this.withFields(part, text, set)
  }

  source(part, value, set, block) {
    const field = this.line(part, value, set, { inputMode: 'url' })
    const choose = press('btn', 'Choose…', () => this.pick(found => block.take(found)))
    choose.dataset.act = 'pick'
    return this.labelled(part, field, make('div', { className: 'row-flex nowrap-row' }, field, choose))
  }

  choice(part, value, set) {
    return this.labelled(part, menu(part.choices, value, { onchange: event => set(event.target.value) }))
  }

  whole(part, value, set) {
    const field = this.line(part, value, raw => set(raw === '' ? raw : Number(raw)), { type: 'number', min: 1, max: 24 })
    return this.labelled(part, field)
  }

  field(part, value, set) {
    const id = fresh('fields')
    const list = make('datalist', { id }, ...this.known.fields.map(path => make('option', { value: path })))
    return this.labelled(part, this.line(part, value, set), null, list, id)
  }

  saved(part, value, set) {
    const choices = [['', 'Choose…'], ...this.known.saved]
    const box = menu(choices, value ?? '', { onchange: event => set(event.target.value ? Number(event.target.value) : null) })
    return this.labelled(this.known.saved.length ? part : { ...part, hint: 'There is no block in the library yet.' }, box)
  }

  columns(part, value, set) {
    const change = event => {
      const wanted = Number(event.target.value)
      const kept = value.slice(0, wanted)
      const rest = value.slice(wanted).flat() // nothing is lost: it moves into the last column
      while (kept.length < wanted) kept.push([])
      kept[wanted - 1] = [...kept[wanted - 1], ...rest]
      set(kept, true)
    }
    return this.labelled(part, menu(NUMBERS.map(n => [n, `${n} columns`]), value.length, { onchange: change }))
  }

  networks(part, value, set) {
    const change = (at, said) => set(value = value.map((one, n) => n === at ? { ...one, ...said } : one))
    const rows = value.map((one, at) => {
      const link = this.line(part, one.href, href => change(at, { href }), { 'aria-label': `Link ${at + 1}`, placeholder: 'https://…' })
      link.dataset.part = `network-${at}`
      const remove = press('btn btn-icon', `Remove network ${at + 1}`, () => set(value.filter((_, n) => n !== at), true), sign('i-x'))
      remove.dataset.act = `remove-network-${at}`
      return make('div', { className: 'row-flex nowrap-row' },
        menu(this.known.networks, one.network, { 'aria-label': `Network ${at + 1}`, onchange: event => change(at, { network: event.target.value }) }),
        link, remove)
    })
    return make('fieldset', { className: 'field stack-sm' }, make('legend', { className: 'form-label' }, part.label), ...rows, this.oneMore(() => value, set))
  }

  // `held` is asked when it is pressed: links are typed without drawing anew.
  oneMore(held, set) {
    const { networks, mostNetworks } = this.known
    const add = press('btn btn-sm', 'Add a network', () => {
      const at = held().length
      set([...held(), { network: networks[at % networks.length][0], href: '' }], true)
      document.querySelector(`.is-chosen [data-part=network-${at}]`)?.focus()
    })
    add.disabled = held().length >= mostNetworks
    return add
  }

  withFields(part, field, set) {
    const choices = [['', 'Insert a field…'], ...this.known.fields.map(path => [path, named(path)])]
    const box = menu(choices, '', { className: 'form-select form-select-sm blk-fields', 'aria-label': `Insert a field into ${part.label}` })
    box.onchange = () => {
      const [from, to] = [field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length]
      field.setRangeText(written(box.value), from, to, 'end')
      box.value = ''
      set(field.value)
      field.focus()
    }
    return this.labelled(part, field, null, box)
  }

  labelled(part, field, around = null, more = null, list = '') {
    field.id = fresh(`part-${part.name}`)
    field.dataset.part = part.name
    if (list) field.setAttribute('list', list)
    const hint = part.hint ? make('p', { className: 'hint', id: `${field.id}-hint` }, part.hint) : null
    if (hint) field.setAttribute('aria-describedby', hint.id)
    const head = make('div', { className: 'spread' }, make('label', { className: 'form-label', htmlFor: field.id }, part.label), more?.tagName === 'SELECT' ? more : null)
    return make('div', { className: 'field' }, head, around ?? field, more?.tagName === 'DATALIST' ? more : null, hint)
  }
}
