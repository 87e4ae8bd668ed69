// The filter form shows only the comparisons, and the kind of value, of the chosen field.
const shape = form => {
  const chosen = form.querySelector('[name=field]').selectedOptions[0]
  const ops = form.querySelector('[data-filter-op]')
  const choices = JSON.parse(chosen.dataset.choices)
  ops.replaceChildren(...Object.entries(JSON.parse(chosen.dataset.ops)).map(([op, words]) => new Option(words, op)))
  const old = form.querySelector('[data-filter-value]')
  const value = document.createElement(choices.length ? 'select' : 'input')
  value.name = 'value'
  value.className = choices.length ? 'form-select' : 'form-control'
  value.setAttribute('aria-label', 'Value')
  value.dataset.filterValue = ''
  if (choices.length) value.append(...choices.map(([key, label]) => new Option(label, key)))
  else value.type = { number: 'number', date: 'date' }[chosen.dataset.kind] ?? 'text'
  if (value.type === 'number') value.step = 'any'
  old.replaceWith(value)
  measure(form)
}

// "in the last" counts days, whatever the field is; "is known" needs no value at all.
const measure = form => {
  const value = form.querySelector('[data-filter-value]')
  const op = form.querySelector('[data-filter-op]').value
  value.hidden = ['exists', 'not_exists'].includes(op)
  value.required = !value.hidden
  if (value.type === 'date' || value.dataset.wasDate) {
    value.dataset.wasDate = 'yes'
    value.type = op.includes('within_last') ? 'number' : 'date'
  }
}

document.querySelectorAll('[data-filter-form]').forEach(form => {
  form.querySelector('[name=field]').addEventListener('change', () => shape(form))
  form.querySelector('[data-filter-op]').addEventListener('change', () => measure(form))
  shape(form)
})
