// The strip of a lesson: its step, the question, what is said of the answer, and the way to the next step.

import { ANSWERS } from "./answers.js"
import { element, fill, say } from "./element.js"
import { isTyped } from "./frame.js"
import { explain } from "./glossary.js"
import { allow, draw, light, takeFrom } from "./lesson_state.js"
import { report } from "./messages.js"
import { remember } from "./progress.js"

export class Lesson {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.send = /** @type {import("./data").Send} */ (() => {})
    this.data = /** @type {import("./data").LessonData | undefined} */ (undefined)
    this.at = "" // lesson and step on screen
    this.asked = "" // what the question on screen was made from
    this.answer = /** @type {any} */ (undefined)
    this.committed = "" // the answer that was judged last, of which no second try is made
    this.marked = "" // what is drawn over the plots
    this.name = element("p", { className: "lab-lesson-name" })
    this.title = element("h2", { tabIndex: -1 }) // gets the focus where a step begins
    this.steps = element("ol", { className: "lab-lesson-steps", ariaLabel: "steps" })
    this.leave = this.button("Leave the lesson", () => ({ lesson_leave: true }))
    this.text = element("div", { className: "lab-lesson-text" })
    this.ask = element("p", { className: "lab-lesson-ask" })
    this.means = element("div", { className: "lab-lesson-means" })
    this.commit = this.button("Commit", () => ({ lesson_answer: this.answer.answer() }), true)
    this.commit.addEventListener("click", () => {
      this.committed = this.answer.answer()
      this.commit.disabled = true // until the answer is judged
    })
    this.again = this.button("Try it again", () => ({ lesson_again: true }))
    this.verdict = element("div", { className: "lab-lesson-verdict", role: "status", tabIndex: -1 })
    this.told = "" // what is said there
    this.back = this.button("Back", () => ({ lesson_step: (this.data?.step ?? 0) - 1 }))
    this.next = this.button("Next", () => ({ lesson_step: (this.data?.step ?? 0) + 1 }), true)
    this.following = this.button("", () => ({ lesson_next: true }), true)
    this.reveal = this.button("Reveal", () => ({ lesson_reveal: true }))
    this.reveal.classList.add("lab-reveal")
    this.keys = element("p", { className: "lab-lesson-keys", textContent: "Keys: → next · ← back · R or . reveals" })
    this.elsewhere = this.button("", () => ({ lesson_step: this.data?.step ?? 0 }), true)
    const head = element("div", { className: "lab-lesson-head" }, [
      element("div", {}, [this.name, this.title]),
      this.steps,
      this.leave,
    ])
    this.question = element("div", { className: "lab-lesson-question" }, [
      this.ask,
      this.means,
      this.commit,
      this.again,
    ])
    this.others = element("div", { className: "lab-lesson-others", role: "status", hidden: true })
    const ways = element("div", { className: "lab-lesson-ways" }, [
      this.back,
      this.next,
      this.following,
      this.elsewhere,
      this.reveal,
      this.keys,
    ])
    root.append(
      head,
      element("div", { className: "lab-lesson-body" }, [
        this.text,
        element("div", { className: "lab-lesson-side" }, [this.question, this.verdict, this.others, ways]),
      ]),
    )
    root.setAttribute("role", "region")
    root.ariaLabel = "Lesson"
    this.key = (/** @type {KeyboardEvent} */ event) => this.turn(event)
    document.addEventListener("keydown", this.key)
  }

  /** @param {string} label
   * @param {() => import("./data").Changes} changes
   * @param {boolean} [primary] */
  button(label, changes, primary = false) {
    const className = primary ? "lab-button lab-primary" : "lab-button"
    const node = /** @type {HTMLButtonElement} */ (element("button", { type: "button", className, textContent: label }))
    node.addEventListener("click", (event) => report(event, this.send, changes(), true))
    return node
  }

  /** @param {import("./data").LessonData} data
   * @param {import("./data").Send} send */
  update(data, send) {
    this.send = send
    this.data = data
    const { step, steps, answered, last, following } = data
    const away = Boolean(data.elsewhere)
    const before = this.at
    this.at = `${data.lesson} ${step}`
    remember(data.lesson, data.text)
    say(this.name, `Lesson: ${data.title} · step ${step + 1} of ${steps.length}`)
    say(this.title, steps[step].title)
    fill(this.steps, steps, "li", (node, { title, mark }, i = [...this.steps.children].indexOf(node)) => {
      if (!node.firstChild) {
        const dot = element("button", { type: "button" })
        dot.addEventListener("click", (event) => report(event, this.send, { lesson_step: i }, true))
        node.append(dot)
      }
      const done = !["-", "t"].includes(mark)
      Object.assign(node.firstChild, { ariaLabel: `step ${i + 1}: ${title}${done ? ", done" : ""}`, title })
      node.firstChild.className = i === step ? "lab-now" : done ? "lab-done" : ""
      if (i === step) node.firstChild.setAttribute("aria-current", "step")
      else node.firstChild.removeAttribute("aria-current")
    })
    fill(this.text, data.paragraphs, "p", explain)
    this.show(data, away)
    this.judge(data, away)
    this.count(data.others)
    this.back.disabled = step === 0
    this.back.hidden = this.next.hidden = away
    this.next.hidden ||= last || !answered
    this.next.textContent = "Next (→)"
    this.following.hidden = away || !(last && answered && following)
    this.following.textContent = `Next lesson: ${following}`
    this.reveal.hidden = away || !data.question || (answered && Boolean(data.verdict))
    this.elsewhere.hidden = !away
    this.elsewhere.textContent = `Back to the step, on ${data.elsewhere}`
    allow(away ? null : data.free, away ? [] : data.covers, data.races, away ? null : data.shows)
    const marks = away ? [] : data.marks
    const marked = JSON.stringify([this.at, this.asked, away, marks])
    if (marked !== this.marked && (marks.length || answered || away)) draw(marks) // over an answer that is not judged yet
    this.marked = marked
    // What was pressed may have gone: the keyboard goes on where something new stands.
    if (before && before !== this.at) this.title.focus({ preventScroll: true })
  }

  /** Show the question, made anew where it is another one.
   * @param {import("./data").LessonData} data
   * @param {boolean} away */
  show({ question, answered, lesson, step }, away) {
    const asks = Boolean(question) && !answered && !away
    const asked = asks ? JSON.stringify([lesson, step, question]) : ""
    this.question.hidden = !question || away
    this.ask.hidden = !question
    if (question) explain(this.ask, question.ask)
    this.means.hidden = this.commit.hidden = !asks
    this.again.hidden = !question || !answered || away
    if (asked === this.asked) return this.mayCommit()
    this.asked = asked
    this.committed = ""
    this.answer?.close?.()
    takeFrom(null)
    draw([])
    light([])
    this.answer = asks
      ? ANSWERS[question.kind](
          question,
          () => this.mayCommit(),
          () => this.commit.click(),
        )
      : undefined
    this.means.replaceChildren(...(this.answer ? [this.answer.node] : []))
    this.mayCommit()
  }

  /** Show how many of a class have answered, with a dot for each under what they answered.
   * @param {import("./data").LessonData["others"]} others */
  count(others) {
    this.others.hidden = !others
    if (!others) return
    const { n, counts } = others
    const rows = counts.flatMap(([text, times]) => [
      element("span", { textContent: text }),
      element("i", { textContent: "●".repeat(times), ariaLabel: String(times), role: "img" }),
    ])
    this.others.replaceChildren(
      element("p", { textContent: n === 1 ? "1 answer of the class" : `${n} answers of the class` }),
      ...rows,
    )
  }

  mayCommit() {
    const answer = this.answer?.answer()
    const isJudged = answer === this.committed && this.data?.question?.kind !== "move" // whose answer stands on the page
    this.commit.disabled = !answer || isJudged
  }

  /** Say what there is to say of the last answer, and at the end how many were right.
   * @param {import("./data").LessonData} data
   * @param {boolean} away */
  judge({ verdict, hint, note, score, last, answered }, away) {
    const parts = []
    if (note) parts.push(element("p", { textContent: note }))
    if (verdict) {
      const said = element("p", { className: `lab-outcome-${verdict.outcome}` }, [
        element("b", { textContent: `${verdict.word}. ` }),
        verdict.said,
      ])
      parts.push(said)
    }
    if (hint) parts.push(element("p", {}, [element("b", { textContent: "Hint: " }), hint, " Try once more."]))
    if (last && answered) parts.push(element("p", { textContent: score }))
    const told = away ? "" : parts.map(({ textContent }) => textContent).join(" ")
    if (told === this.told) return
    this.told = told
    this.verdict.replaceChildren(...(away ? [] : parts))
    if (verdict && told) this.verdict.focus({ preventScroll: true })
  }

  /** Turn to the next or the last step, or reveal what is right, by a presenter's keys.
   * @param {KeyboardEvent} event */
  turn(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return
    const [back, next, reveal] = [this.back, this.next, this.reveal]
    const keys = { PageDown: next, ArrowRight: next, PageUp: back, ArrowLeft: back, r: reveal, R: reveal, ".": reveal }
    const button = keys[event.key]
    if (!button || button.hidden || button.disabled || isTyped(event.target)) return
    // What has the focus moves by the other keys.
    const moves = "input, textarea, select, [role=application], .lab-handle"
    if (button !== reveal && event.target instanceof HTMLElement && event.target.matches(moves)) return
    event.preventDefault()
    button.click()
  }

  skeletons() {
    return {}
  }

  put() {}

  note() {
    return false
  }

  close() {
    document.removeEventListener("keydown", this.key)
    this.answer?.close?.()
    takeFrom(null)
    draw([])
    light([])
    allow(null, [])
  }
}
