"""What reports say of learning curves: a sentence for each claim that `headstart.judge.curves` can make."""

from __future__ import annotations

from headstart.report.words.sentence import Sentence

SENTENCES: dict[str, Sentence] = {
    "curve_expected_per_class": Sentence(
        en=(
            "{id} is right for {accuracy:.1%} with {per_class} training pictures of each class; with {per_class2} of "
            "each expect {value2:.1%} (95% interval {low2:.1%} to {high2:.1%}), with {per_class4} of each "
            "{value4:.1%} ({low4:.1%} to {high4:.1%})."
        ),
        zh=(
            "{id} 在每类 {per_class} 张训练图片时的准确率为 {accuracy:.1%}；预计每类 {per_class2} 张时为 {value2:.1%}"
            "（95% 置信区间 {low2:.1%}–{high2:.1%}），每类 {per_class4} 张时为 {value4:.1%}（{low4:.1%}–{high4:.1%}）。"
        ),
    ),
    "curve_expected": Sentence(
        en=(
            "{id} is right for {accuracy:.1%} with {pictures} training pictures; with {pictures2} of the same mixture "
            "expect {value2:.1%} (95% interval {low2:.1%} to {high2:.1%}), with {pictures4} {value4:.1%} "
            "({low4:.1%} to {high4:.1%})."
        ),
        zh=(
            "{id} 在共 {pictures} 张训练图片时的准确率为 {accuracy:.1%}；若各类比例不变，预计 {pictures2} 张时为 "
            "{value2:.1%}（95% 置信区间 {low2:.1%}–{high2:.1%}），{pictures4} 张时为 "
            "{value4:.1%}({low4:.1%}–{high4:.1%})。"
        ),
    ),
    "curve_climbs": Sentence(
        en=(
            "{id} is still climbing: {times} times as many training pictures are expected to bring {low:.1f} to "
            "{high:.1f} percentage points more on these test pictures."
        ),
        zh="{id} 仍在上升：训练图片增加到 {times} 倍，预计在这些测试图片上再提高 {low:.1f} 至 {high:.1f} 个百分点。",
    ),
    "curve_flat": Sentence(
        en=(
            "{id} has levelled off: {times} times as many training pictures would bring at most {high:.1f} percentage "
            "points on these test pictures, and perhaps nothing."
        ),
        zh=(
            "{id} 已趋于平稳：训练图片增加到 {times} 倍，在这些测试图片上最多再提高 {high:.1f} 个百分点，"
            "也可能毫无提高。"
        ),
    ),
    "curve_open": Sentence(
        en=(
            "Whether more pictures would help {id} can't be said: {times} times as many training pictures would bring "
            "at most {high:.1f} percentage points on these test pictures, and perhaps nothing."
        ),
        zh=(
            "尚无法判断更多图片对 {id} 是否有帮助：训练图片增加到 {times} 倍，在这些测试图片上最多再提高 "
            "{high:.1f} 个百分点，也可能毫无提高。"
        ),
    ),
    "curve_checked": Sentence(
        en=(
            "This way of looking ahead was tried on {id} itself: from at most {half} training pictures it expected "
            "{value:.1%} ({low:.1%} to {high:.1%}) with {all}, and {measured:.1%} was measured."
        ),
        zh=(
            "这种外推方法已在 {id} 自身的数据上检验过：仅凭至多 {half} 张训练图片，它预计 {all} 张时为 {value:.1%}"
            "（{low:.1%}–{high:.1%}），实测为 {measured:.1%}。"
        ),
    ),
    "curve_unchecked": Sentence(
        en=(
            "What is expected of {id} couldn't be tried on measured sizes: fewer than {needed} take half of the "
            "training pictures or less."
        ),
        zh="对 {id} 的预计无法用已测得的结果检验：不超过一半训练图片的规模少于 {needed} 个。",
    ),
    "curve_not_trusted": Sentence(
        en=(
            "Don't trust what the curve of {id}, right for {accuracy:.1%} with {pictures} training pictures, seems to "
            "promise of more: from at most {half} of them {value:.1%} ({low:.1%} to {high:.1%}) was to be expected "
            "with {all}, but {measured:.1%} was measured. How many more pictures it needs can't be said."
        ),
        zh=(
            "请勿相信 {id} 的曲线对更多图片的外推（它在 {pictures} 张训练图片时的准确率为 {accuracy:.1%}）："
            "仅凭其中至多 {half} 张，预计 {all} 张时为 {value:.1%}（{low:.1%}–{high:.1%}），"
            "实测却为 {measured:.1%}。还需要多少图片，无法判断。"
        ),
    ),
    "curve_without_law": Sentence(
        en=(
            "{id} is right for {accuracy:.1%} with {pictures} training pictures. What more would bring can't be said: "
            "it was measured at {sizes} sizes, and a law needs {needed}."
        ),
        zh=(
            "{id} 在 {pictures} 张训练图片时的准确率为 {accuracy:.1%}。更多图片会带来什么，无法判断："
            "只测了 {sizes} 个规模，而拟合规律至少需要 {needed} 个。"
        ),
    ),
    "curve_left_out": Sentence(
        en="{id} could not learn where {per_class} of each class were given, so that point is missing: {why}",
        zh="{id} 在每类 {per_class} 张图片时无法学习，因此缺少这一点：{why}",
    ),
    "curve_no_time": Sentence(
        en="The time for the curve of {id} was over before it learnt from {per_class} of each class, or from more.",
        zh="在 {id} 学习每类 {per_class} 张及更多图片之前，绘制其曲线的时间已用完。",
    ),
    "curve_cautious": Sentence(
        en=(
            "Where there were at most {per_class} of each class, {id} could hold no pictures out to choose its "
            "settings by, and took the most cautious ones."
        ),
        zh="当每类至多只有 {per_class} 张图片时，{id} 无法留出图片来选择参数，因而采用了最保守的设置。",
    ),
    "curve_starved": Sentence(
        en=(
            "At {starved} of {sizes} sizes {id} hadn't converged in its time: its curve shows too little time as well "
            "as too few pictures."
        ),
        zh="在 {sizes} 个规模中，{id} 有 {starved} 个在规定时间内尚未收敛：其曲线既反映图片不足，也反映训练时间不足。",
    ),
    "curve_stays_behind": Sentence(
        en="Up to {times} times as many training pictures, {other} isn't expected to catch up with {leader}.",
        zh="训练图片增加到 {times} 倍以内，预计 {other} 赶不上 {leader}。",
    ),
    "curve_overtakes": Sentence(
        en="With {times} times as many training pictures, {other} is expected to be better than {leader}.",
        zh="训练图片增加到 {times} 倍时，预计 {other} 会超过 {leader}。",
    ),
    "curve_crossing_unknown": Sentence(
        en=("Whether {other} would catch up with {leader} with {times} times as many training pictures can't be said."),
        zh="训练图片增加到 {times} 倍时，{other} 能否赶上 {leader}，无法判断。",
    ),
}
