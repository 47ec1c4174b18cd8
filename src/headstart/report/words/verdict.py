"""What reports say of a verdict: a sentence for each claim that `headstart.judge.statements` can make."""

from __future__ import annotations

from headstart.report.words.sentence import Sentence

_INTERVAL = "95% interval {low:.1%} to {high:.1%}"
_INTERVAL_ZH = "95% 置信区间 {low:.1%}–{high:.1%}"
_POINTS = "{value:z.1f} percentage points (95% interval {low:z.1f} to {high:z.1f}; {p} after Holm's correction)"
_POINTS_ZH = "{value:z.1f} 个百分点（95% 置信区间 {low:z.1f} 至 {high:z.1f}，Holm 校正后 {p}）"
_STARVED = (
    " But {starved} had not converged when training ended: without transfer more time might have brought more, so this "
    "is not the difference that transfer alone makes."
)
_STARVED_ZH = (
    "但 {starved} 在训练结束时尚未收敛：给它更多时间，结果可能会更好，因此这并不完全是迁移学习本身造成的差距。"
)

_TRANSFER = {
    "transfer_brought": Sentence(
        en=f"Transfer brought {_POINTS}: {{of}}, the best approach with it, over {{over}}, the best without.",
        zh=f"迁移学习带来了 {_POINTS_ZH}的提升：使用迁移的最佳方法 {{of}} 优于不使用迁移的最佳方法 {{over}}。",
    ),
    "transfer_cost": Sentence(
        en=(
            f"Transfer did not help here: {{of}}, the best approach with it, is worse than {{over}}, the best without, "
            f"by {_POINTS}."
        ),
        zh=f"迁移学习在此没有帮助：使用迁移的最佳方法 {{of}} 比不使用迁移的最佳方法 {{over}} 低 {_POINTS_ZH}。",
    ),
    "transfer_not_told": Sentence(
        en=(
            "Whether transfer helps can't be told from these test pictures: the accuracy of {of}, the best approach "
            f"with it, less that of {{over}}, the best without, is {_POINTS}."
        ),
        zh=(
            "仅凭这些测试图片，无法判断迁移学习是否有帮助：使用迁移的最佳方法 {of} 的准确率"
            f"减去不使用迁移的最佳方法 {{over}} 的准确率为 {_POINTS_ZH}。"
        ),
    ),
}

SENTENCES: dict[str, Sentence] = {
    "nothing_done": Sentence(
        en="No approach came to its end, so nothing can be said of how well these pictures can be told apart.",
        zh="没有任何方法运行完毕，因此无法判断这些图片能被区分到什么程度。",
    ),
    "nothing_above_chance": Sentence(
        en=(
            "Nothing is shown to work better than chance: none of the {approaches} approaches is right clearly more "
            "often than always answering the class that is most frequent in training, which is right for {chance:.1%} "
            "of the {pictures} test pictures."
        ),
        zh=(
            "没有任何方法被证明优于随机水平：{approaches} 种方法中，"
            "没有一种明显比“一律回答训练集中最常见的类别”更准确，"
            "而后者在 {pictures} 张测试图片上的准确率为 {chance:.1%}。"
        ),
    ),
    "best_of_nothing": Sentence(
        en=(
            f"The best on validation, {{id}}, is right for {{accuracy:.1%}} of them ({_INTERVAL}); which approach came "
            "first says nothing then, and neither do the differences between them."
        ),
        zh=(
            f"在验证集上最好的 {{id}}，其测试准确率为 {{accuracy:.1%}}（{_INTERVAL_ZH}）；在这种情况下，"
            "方法的名次以及它们"
            "之间的差距都不说明任何问题。"
        ),
    ),
    "only_one_not_above_chance": Sentence(
        en=(
            f"{{id}} isn't shown to work better than chance: it is right for {{accuracy:.1%}} ({_INTERVAL}) of the "
            "{pictures} test pictures, and always answering the class that is most frequent in training for "
            "{chance:.1%}. No other approach was run to its end."
        ),
        zh=(
            f"{{id}} 未被证明优于随机水平：在 {{pictures}} 张测试图片上，"
            f"它的准确率为 {{accuracy:.1%}}（{_INTERVAL_ZH}），"
            "而“一律回答训练集中最常见的类别”的准确率为 {chance:.1%}。没有其他方法运行完毕。"
        ),
    ),
    "winner": Sentence(
        en=(
            f"The best on validation is {{id}}: it is right for {{accuracy:.1%}} ({_INTERVAL}) of the {{pictures}} "
            "test pictures; always answering the class that is most frequent in training is right for {chance:.1%}."
        ),
        zh=(
            f"在验证集上最好的方法是 {{id}}：在 {{pictures}} 张测试图片上，"
            f"它的准确率为 {{accuracy:.1%}}（{_INTERVAL_ZH}），"
            "而“一律回答训练集中最常见的类别”的准确率为 {chance:.1%}。"
        ),
    ),
    "winner_not_above_chance": Sentence(
        en=(
            "On the test pictures {id} isn't shown to be better than chance, though this is shown of {names}; the "
            "choice was made on validation, and the test part must not change it."
        ),
        zh=(
            "在测试图片上，{id} 未被证明优于随机水平，被证明的只有 {names}；选择是根据验证集作出的，"
            "不得再根据测试集更改。"
        ),
    ),
    "not_above_chance": Sentence(
        en="Not shown to be better than chance: {names}.",
        zh="未被证明优于随机水平的有：{names}。",
    ),
    "only_one": Sentence(
        en="{id} is the only approach that was run to its end, so there is nothing to compare it with.",
        zh="{id} 是唯一运行完毕的方法，因此没有可以与之比较的对象。",
    ),
    "beats_all": Sentence(
        en=(
            "{id} is better on the same test pictures than every other approach that was run ({others}: {names}), also "
            "after Holm's correction."
        ),
        zh="在同一批测试图片上，{id} 优于其余全部 {others} 种已运行的方法（{names}），经 Holm 多重比较校正后仍然成立。",
    ),
    "beats": Sentence(
        en="{id} is better on the same test pictures than {names}, also after Holm's correction.",
        zh="在同一批测试图片上，{id} 优于 {names}，经 Holm 多重比较校正后仍然成立。",
    ),
    "not_told_apart": Sentence(
        en="With {pictures} test pictures, {names} can't be told apart from {id}; that doesn't make them equal.",
        zh="仅凭 {pictures} 张测试图片，无法区分 {names} 与 {id} 的优劣；但这并不意味着它们相同。",
    ),
    "same_pictures_right": Sentence(
        en=(
            "{names} got exactly the same test pictures right as {id}: this test part is too small or too easy to show "
            "a difference."
        ),
        zh="{names} 与 {id} 答对的测试图片完全相同：这个测试集太小或太容易，显示不出差别。",
    ),
    "better_on_test": Sentence(
        en=(
            "{names} did better than {id} on the test pictures, by more than chance explains; the choice was made on "
            "validation, and choosing by the test part would flatter what it chooses."
        ),
        zh=(
            "在测试图片上，{names} 优于 {id}，且差距超出了偶然所能解释的范围；但选择是根据验证集作出的，"
            "若改按测试集选择，"
            "所选方法的成绩就会偏高。"
        ),
    ),
    **_TRANSFER,
    **{
        f"{key}_over_starved": Sentence(en=sentence.en + _STARVED, zh=sentence.zh + _STARVED_ZH)
        for key, sentence in _TRANSFER.items()
    },
    "nothing_with_transfer": Sentence(
        en="No approach with transfer was run to its end, so it isn't known what transfer would bring.",
        zh="没有使用迁移学习的方法运行完毕，因此不知道迁移学习会带来什么。",
    ),
    "nothing_without_transfer": Sentence(
        en="No approach without transfer was run to its end, so it isn't known what transfer brought.",
        zh="没有不使用迁移学习的方法运行完毕，因此不知道迁移学习带来了什么。",
    ),
    "fine_tuning_brought": Sentence(
        en=f"Fine-tuning brought {_POINTS}: {{of}} over {{over}}, whose network stayed frozen.",
        zh=f"微调带来了 {_POINTS_ZH}的提升：{{of}} 优于使用冻结特征的 {{over}}。",
    ),
    "fine_tuning_cost": Sentence(
        en=f"Fine-tuning did harm: {{of}} is worse than {{over}}, whose network stayed frozen, by {_POINTS}.",
        zh=f"微调反而有害：{{of}} 比使用冻结特征的 {{over}} 低 {_POINTS_ZH}。",
    ),
    "fine_tuning_not_told": Sentence(
        en=(
            "Whether fine-tuning helps can't be told from these test pictures: the accuracy of {of} less that of "
            f"{{over}}, whose network stayed frozen, is {_POINTS}."
        ),
        zh=(
            "仅凭这些测试图片，无法判断微调是否有帮助：{of} 的准确率"
            f"减去使用冻结特征的 {{over}} 的准确率为 {_POINTS_ZH}。"
        ),
    ),
    "fine_tuning_kept_frozen": Sentence(
        en=(
            "Fine-tuning didn't beat the frozen network on validation, so the frozen one was kept: what is judged here "
            "as {of} is the frozen network with its softmax layer, and any difference to {over} is not fine-tuning's."
        ),
        zh=(
            "微调在验证集上没有胜过冻结的网络，因此保留了后者：这里以 {of} 之名评估的，"
            "其实就是冻结的网络加上它的 softmax "
            "层，它与 {over} 之间的任何差别都与微调无关。"
        ),
    ),
    "seconds": Sentence(
        en="{id} took {seconds:.1f} s in all.",
        zh="{id} 总共耗时 {seconds:.1f} 秒。",
    ),
    "cheapest": Sentence(
        en=(
            "{cheapest} may do for less: it can't be told apart from {id} and took {cheapest_seconds:.1f} s instead of "
            "{seconds:.1f} s. The test pictures don't rule out that it is up to {at_worst:.1f} percentage points worse."
        ),
        zh=(
            "{cheapest} 更省时，也许已经够用：它与 {id} 无法区分优劣，耗时 {cheapest_seconds:.1f} 秒，而后者耗时 "
            "{seconds:.1f} 秒。不过测试图片并不排除它最多差 {at_worst:.1f} 个百分点的可能。"
        ),
    ),
    "starved": Sentence(
        en=(
            "{id} had not converged when its training ended: more time may change its place, so it must not be taken "
            "for beaten."
        ),
        zh="{id} 在训练结束时尚未收敛：给它更多时间，名次可能会变，因此不能视为已被击败。",
    ),
    "starved_in_budget": Sentence(
        en=(
            "{id} had not converged within its declared budget of {budget:.0f} s: more time may change its place, so "
            "it must not be taken for beaten."
        ),
        zh="{id} 在给定的 {budget:.0f} 秒预算内尚未收敛：给它更多时间，名次可能会变，因此不能视为已被击败。",
    ),
    "starved_winner": Sentence(
        en="{id} had not converged when its training ended: more time may make it better still.",
        zh="{id} 在训练结束时尚未收敛：给它更多时间，结果可能还会更好。",
    ),
    "starved_winner_in_budget": Sentence(
        en="{id} had not converged within its declared budget of {budget:.0f} s: more time may make it better still.",
        zh="{id} 在给定的 {budget:.0f} 秒预算内尚未收敛：给它更多时间，结果可能还会更好。",
    ),
    "few_pictures": Sentence(
        en="There are only {pictures} test pictures: the intervals are wide and rough.",
        zh="测试图片只有 {pictures} 张：置信区间既宽又粗略。",
    ),
    "few_groups": Sentence(
        en=(
            "The {pictures} test pictures come from only {groups} groups that belong together, and count for little "
            "more than so many: the intervals are rough."
        ),
        zh="{pictures} 张测试图片只来自 {groups} 个相互关联的组，其信息量接近于组数：置信区间较为粗略。",
    ),
    "no_error": Sentence(
        en=(
            "{id} made no error in {pictures} test pictures. That is no proof that it makes none: an error rate of up "
            "to {most:.1%} is compatible with it."
        ),
        zh="{id} 在 {pictures} 张测试图片上没有出错；但这不能证明它从不出错：错误率最高达 {most:.1%} 也与此相符。",
    ),
    "one_error": Sentence(
        en=(
            "{id} made a single error in {pictures} test pictures: figures that rest on it are rough, and an error "
            "rate of up to {most:.1%} is compatible with it."
        ),
        zh="{id} 在 {pictures} 张测试图片上只错了一张：据此得出的指标很粗略，错误率最高达 {most:.1%} 也与此相符。",
    ),
    "few_errors": Sentence(
        en=(
            "{id} made only {errors} errors in {pictures} test pictures: figures that rest on so few are rough, and "
            "an error rate of up to {most:.1%} is compatible with them."
        ),
        zh=(
            "{id} 在 {pictures} 张测试图片上只错了 {errors} 张：据此得出的指标很粗略，错误率最高达 {most:.1%} "
            "也与此相符。"
        ),
    ),
    "classes_without_pictures": Sentence(
        en="Of these classes the test part has no picture, so nothing can be said of them: {names}.",
        zh="测试集中没有以下类别的图片，因此对它们无法作出任何判断：{names}。",
    ),
    "classes_of_one_picture": Sentence(
        en=(
            "Of these classes the test part has a single picture, so next to nothing can be said of each of them: "
            "{names}."
        ),
        zh="以下类别在测试集中各只有一张图片，因此对其中任何一类几乎无法作出判断：{names}。",
    ),
    "these_models_alone": Sentence(
        en=(
            "All intervals are about these fitted models, each trained once; what holds of the methods is shown by "
            "--repeats of 5 or more."
        ),
        zh="所有置信区间只针对这些已训练好的模型（每个只训练一次）；要对方法本身下结论，需要 --repeats 不小于 5。",
    ),
    "repeated": Sentence(
        en=(
            "Repeated {repeats} times with other splits, {id} was right for {mean:.1%} of the test pictures on "
            "average, between {low:.1%} and {high:.1%}."
        ),
        zh="换用不同的划分重复 {repeats} 次，{id} 的平均测试准确率为 {mean:.1%}，最低 {low:.1%}，最高 {high:.1%}。",
    ),
}
