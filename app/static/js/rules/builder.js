// Draws the rules as groups and conditions with their inputs, and keeps the focus where it was.
import { History } from './history.js'
import { draw as drawPart } from './parts.js'
import { button, icon, make, menu, said, select, sign } from './pieces.js'
import * as tree from './tree.js'

const HOWS = [['all', 'All of these'], ['any', 'Any of these'], ['none', 'None of these']]
const AFTER = { all: 'must hold', any: 'is enough', none: 'may hold' }
const BETWEEN = { all: 'and', any: 'or', none: 'nor' }

export class Builder {
  // `changed` is called after each change with the rules as they are now.
  constructor(box, vocabulary, changed) {
    this.box = box
    this.words = vocabulary
    this.names = vocabulary.names
    this.changed = changed
    this.history = new History({ all: [] })
    this.problems = []
    this.hits = () => undefined
    this.lists = make('div', { hidden: true })
    // Undo also works where nothing has the focus, as after a click beside the inputs.
    document.addEventListener('keydown', event => { if (box.contains(event.target) || event.target === document.body) this.#key(event) })
    box.addEventListener('focusout', () => { this.history.field = null })
  }

  get root() { return this.history.root }

  show(root) {
    this.history.root = root
    this.draw()
  }

  // What somebody wrote by hand is a change like any other, and can be taken back.
  replace(root) {
    this.history.keep()
    this.show(root)
  }

  undo() { if (this.history.undo()) this.#after() }
  redo() { if (this.history.redo()) this.#after() }

  mark(problems) {
    this.problems = problems
    this.#markAll()
  }

  // In place: whoever types meanwhile is not disturbed.
  count(hits) {
    this.hits = hits
    this.box.querySelectorAll('.cond').forEach(one => {
      one.querySelector('.hits').textContent = hits(tree.at(this.root, one.dataset.place.split('.').map(Number))) ?? ''
    })
  }

  #after(focus) {
    this.draw()
    if (focus) this.#focus(focus)
    this.changed(this.root)
  }

  // A change of the tree at once; `act` returns the place where one goes on.
  #do(act, part = 'kind') {
    this.history.keep()
    const place = act(this.root)
    this.#after(`${place.join('.')}|${this.#isGroupAt(place) ? 'how' : part}`)
  }

  #isGroupAt(place) { return tree.isGroup(tree.at(this.root, place)) }

  #focus(key) {
    const [place] = key.split('|')
    const there = this.box.querySelector(`[data-part="${CSS.escape(key)}"]`) ?? this.box.querySelector(`[data-part^="${CSS.escape(place)}|"]`)
    const fallback = this.box.querySelector('select')
    ;(there?.disabled ? fallback : there ?? fallback)?.focus()
  }

  draw() {
    const held = document.activeElement?.dataset?.part
    const hadFocus = this.box.contains(document.activeElement)
    this.lists.replaceChildren()
    this.box.replaceChildren(this.#bar(), this.#group(this.root, []), this.#examples(), this.lists)
    if (hadFocus && held) this.#focus(held)
    this.#markAll()
  }

  #bar() {
    const [before, after] = [this.history.past.length, this.history.future.length]
    return make('div', { class: 'rules-bar' },
      make('h2', {}, 'Rules'),
      sign('Undo', 'arrow-back-up', () => this.undo(), { class: 'btn btn-quiet btn-icon btn-sm push', disabled: !before, 'data-part': 'bar|undo', 'aria-keyshortcuts': 'Control+Z' }),
      sign('Redo', 'arrow-forward-up', () => this.redo(), { disabled: !after, 'data-part': 'bar|redo', 'aria-keyshortcuts': 'Control+Shift+Z' }))
  }

  #group(group, place) {
    const [how, rules, key] = [tree.howOf(group), tree.rulesOf(group), place.join('.')]
    const path = tree.pathOf(this.root, place)
    const title = HOWS.find(([name]) => name === how)[1]
    const act = (work, part) => this.#do(work, part)
    const inside = rules.flatMap((rule, n) => {
      const there = [...place, n]
      if (!tree.isGroup(rule)) return [this.#condition(rule, there, n ? BETWEEN[how] : '')]
      return [n ? make('span', { class: 'joinline' }, BETWEEN[how]) : null, this.#group(rule, there)]
    })
    return make('fieldset', { class: 'group', 'data-path': path || how, 'data-place': key },
      make('legend', { class: 'visually-hidden' }, `Group: ${title}`),
      make('header', {},
        select(how, HOWS, value => act(root => tree.join(root, place, value)), { 'aria-label': 'How the conditions join', 'data-part': `${key}|how` }),
        said(AFTER[how]),
        place.length ? this.#more(place, `Group: ${title}`, 'push') : null),
      make('div', { class: 'in' }, inside,
        rules.length ? null : make('p', { class: 'sub small empty-group' }, place.length ? 'Nothing in this group yet.' : 'No condition yet. Add one, or begin with an example below.'),
        make('p', { class: 'hint-bad', 'data-fault-of': path, hidden: true }),
        make('div', { class: 'addrow' },
          button('Condition', 'plus', () => act(root => tree.add(root, place, { event: '' }), 'event'), { 'data-part': `${key}|add` }),
          button('Group', 'folder-plus', () => act(root => tree.add(root, tree.add(root, place, { any: [] }), { event: '' }), 'event'), { 'data-part': `${key}|group` }))))
  }

  #condition(raw, place, between) {
    const [key, path, kind] = [place.join('.'), tree.pathOf(this.root, place), this.#kindOf(raw)]
    const name = kind ? `${kind.label}: ${brief(raw, kind)}` : 'Not understood'
    return make('div', { class: 'cond', role: 'group', 'aria-label': name, 'data-path': path, 'data-place': key },
      make('span', { class: 'join' }, between),
      make('div', { class: 'parts' },
        select(kind?.name ?? '', this.words.kinds.map(one => [one.name, one.label]), chosen => this.#become(place, chosen),
          { class: 'form-select kind', 'aria-label': 'Kind of condition', 'data-part': `${key}|kind`, title: kind?.help }),
        kind ? kind.inputs.map(part => drawPart(part, this.#context(raw, kind, place, path))) : make('code', { class: 'small' }, JSON.stringify(raw)),
        make('p', { class: 'hint-bad', id: `bad-${key}`, 'data-fault-of': path, hidden: true })),
      make('div', { class: 'end' },
        make('span', { class: 'hits', title: 'Customers who meet this condition alone' }, this.hits(raw) ?? ''),
        this.#more(place, name)))
  }

  #context(raw, kind, place, path) {
    const key = place.join('.')
    return {
      kind, raw, words: this.words, names: this.names,
      redraw: () => this.draw(),
      list: (suggests, funnel) => this.#list(suggests, funnel),
      marks: (part, label) => ({ 'data-part': `${key}|${part}`, 'data-at': `${path}.${part}`, 'aria-label': label }),
      // `then`: false while somebody types, true to draw anew, or the part where one goes on.
      change: (part, mutate, then = false) => {
        this.history.keep(then ? null : `${key}|${part}`)
        mutate(raw)
        if (then) this.#after(typeof then === 'string' ? `${key}|${then}` : undefined)
        else this.#typed(key, raw)
      },
    }
  }

  // The count of what stood there before says nothing any more.
  #typed(key, raw) {
    this.box.querySelector(`.cond[data-place="${key}"] .hits`).textContent = this.hits(raw) ?? ''
    this.changed(this.root)
  }

  #kindOf(raw) {
    const fitting = this.words.kinds.filter(kind => kind.marks.every(mark => mark in raw))
    return fitting.reduce((best, kind) => !best || kind.marks.length > best.marks.length ? kind : best, undefined)
  }

  #become(place, name) {
    this.#do(root => {
      const [group, n] = [tree.rulesOf(tree.groupAround(root, place)), place.at(-1)]
      group[n] = blank(this.words.kinds.find(kind => kind.name === name), group[n])
      return place
    })
  }

  #more(place, name, class_ = '') {
    const key = place.join('.')
    const isGroup = this.#isGroupAt(place)
    const act = (work, part = 'more') => () => this.#do(work, part)
    return make('span', { class: `more-of ${class_}` }, sign(`More for: ${name}`, 'dots', event => menu(event.currentTarget, [
      ['Move up', 'arrow-up', act(root => tree.move(root, place, -1))],
      ['Move down', 'arrow-down', act(root => tree.move(root, place, 1))],
      ['Duplicate', 'copy', act(root => tree.duplicate(root, place))],
      ['Put into a group', 'folder-plus', act(root => tree.wrap(root, place))],
      isGroup && ['Take out of the group', 'arrow-bar-up', act(root => tree.unwrap(root, place))],
      [isGroup ? 'Remove the group' : 'Remove', 'x', act(root => tree.remove(root, place), 'kind')],
    ]), { 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'data-part': `${key}|more` }))
  }

  #list(suggests, funnel) {
    const id = `list-${suggests}${suggests === 'stages' ? `-${funnel}` : ''}`
    const held = this.names[suggests] ?? []
    const words = suggests === 'stages' ? this.names.stages[funnel] ?? [] : Array.isArray(held) ? held : Object.keys(held)
    if (!this.lists.querySelector(`[id="${CSS.escape(id)}"]`)) {
      this.lists.append(make('datalist', { id }, words.map(word => make('option', { value: word }))))
    }
    return id
  }

  #examples() {
    const use = one => this.#do(root => tree.insert(root, one.rules))
    return make('details', { class: 'examples', open: !tree.rulesOf(this.root).length },
      make('summary', { 'data-part': 'bar|examples' }, icon('chevron-right'), 'Examples to begin with'),
      make('div', { class: 'chips' }, this.words.examples.map(one =>
        make('button', { class: 'btn btn-sm', type: 'button', onclick: () => use(one) }, icon('plus'), one.label))))
  }

  #key(event) {
    const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z'
    if (isUndo || (event.ctrlKey && event.key.toLowerCase() === 'y')) {
      event.preventDefault()
      return event.shiftKey || !isUndo ? this.redo() : this.undo()
    }
    const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const place = step && event.target.closest('[data-place]')?.dataset.place
    if (!place) return undefined
    event.preventDefault()
    const part = event.target.dataset.part?.split('|')[1]
    return this.#do(root => tree.move(root, place.split('.').map(Number), step), part)
  }

  #markAll() {
    this.box.querySelectorAll('[data-fault-of]').forEach(line => { line.hidden = true; line.replaceChildren() })
    this.box.querySelectorAll('[aria-invalid]').forEach(one => {
      one.removeAttribute('aria-invalid')
      one.removeAttribute('aria-describedby')
      one.classList.remove('is-invalid')
    })
    for (const problem of this.problems) this.#markOne(problem)
  }

  // A problem stands below the condition that it is about, and marks the very input where there is one.
  #markOne({ path, message }) {
    const lines = [...this.box.querySelectorAll('[data-fault-of]')].filter(line => path === line.dataset.faultOf || path.startsWith(`${line.dataset.faultOf}.`) || !line.dataset.faultOf)
    const line = lines.reduce((best, one) => !best || one.dataset.faultOf.length > best.dataset.faultOf.length ? one : best, undefined)
    if (!line) return
    const inputs = [...this.box.querySelectorAll('[data-at]')].filter(one => one.dataset.at === path || path.startsWith(`${one.dataset.at}[`) || one.dataset.at.startsWith(`${path}.`))
    // What is still empty is no mistake yet.
    const isOpen = inputs.some(one => !one.value)
    line.classList.toggle('is-open', isOpen && (line.hidden || line.classList.contains('is-open')))
    line.hidden = false
    line.append(make('span', {}, isOpen ? `${inputs[0].getAttribute('aria-label')} is still to be filled in.` : message))
    if (isOpen) return
    inputs.forEach(one => {
      one.setAttribute('aria-invalid', 'true')
      if (line.id) one.setAttribute('aria-describedby', line.id)
      one.classList.add('is-invalid')
    })
  }
}

// Another kind of condition keeps the event, if both have one.
const blank = (kind, before) => {
  const event = [before.event, before.streak, before.nth?.event, before.last?.event, before.sequence?.[0]].find(one => typeof one === 'string') ?? ''
  const begin = {
    name: part => part.suggests === 'events' && part.name === kind.marks[0] ? event : '',
    names: () => [event, ''],
    choice: part => part.choices[0][0],
    whole: part => kind.example[part.name],
    id: () => null,
    duration: part => kind.example[part.name] ?? '7d',
    where: () => [{ property: '', op: 'equals' }],
    nth: () => ({ event, n: 2 }),
    last: () => ({ event }),
    op: () => 'equals',
    sum_op: () => 'at_least',
  }
  const wanted = kind.inputs.filter(part => part.is_needed || kind.marks.includes(part.name))
  const said = wanted.map(part => [part.name, begin[part.kind]?.(part)])
  return Object.fromEntries(said.filter(([, value]) => value !== undefined))
}

const brief = (raw, kind) => Object.values(raw).slice(0, kind.inputs.length)
  .map(one => typeof one === 'object' ? JSON.stringify(one) : String(one)).join(' ').slice(0, 80) || 'not filled in'
