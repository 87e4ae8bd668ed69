// data-proposes: a choice brings fields with it that it mostly has. What somebody has written or chosen stays.
const blank = { name: '', topic: 'promotional', template_id: '' }
const proposed = radio => JSON.parse(radio?.dataset.proposes ?? '{}')
const put = (input, value) => input.tomselect ? input.tomselect.setValue(value, true) : (input.value = value)
let last = proposed(document.querySelector('[name=when]:checked'))

document.addEventListener('change', event => {
  if (event.target.name !== 'when') return
  const next = proposed(event.target)
  for (const name of Object.keys(blank)) {
    const input = document.getElementById(name)
    if (input.value === blank[name] || input.value === last[name]) put(input, next[name] || blank[name])
  }
  last = next
})
