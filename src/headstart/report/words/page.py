"""What reports say: the headings, labels, captions and sentences of a comparison's page."""

from __future__ import annotations

from headstart.report.words.sentence import Sentence

SENTENCES: dict[str, Sentence] = {
    "page.language": Sentence("en", "zh-Hans"),
    "page.skip": Sentence("Skip to the content", "跳到正文"),
    "page.kicker": Sentence("headstart compare", "headstart compare · 方法比较"),
    "page.title": Sentence("Comparison on {name}", "{name} 上的方法比较"),
    "page.contents": Sentence("Contents", "目录"),
    # The verdict and the facts
    "page.verdict": Sentence("The verdict", "结论"),
    "page.best": Sentence("Best on validation", "验证集上最好"),
    "page.accuracy_on_test": Sentence("accuracy on {pictures:,} test pictures", "在 {pictures:,} 张测试图片上的准确率"),
    "page.interval": Sentence("95% interval {ends}", "95% 区间 {ends}"),
    "page.chance": Sentence("chance {chance:.3f}", "随机水平 {chance:.3f}"),
    "page.chance_is": Sentence(
        "Chance is what always naming the most frequent class of train reaches.",
        "随机水平指总是回答训练集中最常见类别所得的准确率。",
    ),
    "page.no_winner": Sentence("No approach came to an end", "没有任何方法跑完"),
    "page.no_winner_is": Sentence(
        "There are no figures to compare. What stood in the way is listed below.",
        "没有可以比较的数字。原因列在下面。",
    ),
    "page.facts.pictures": Sentence("pictures", "图片"),
    "page.facts.classes": Sentence("classes", "类别"),
    "page.facts.split": Sentence("train / val / test", "训练 / 验证 / 测试"),
    "page.facts.opened": Sentence("times test was opened", "测试集被打开的次数"),
    "page.facts.groups": Sentence("independent units in test", "测试集中的独立单元"),
    "page.facts.approaches": Sentence("approaches compared", "参加比较的方法"),
    "page.facts.seconds": Sentence("computing", "计算用时"),
    "page.heed": Sentence("Warnings that belong to these figures: {count:,}", "解读这些数字须注意的警告：{count:,} 条"),
    "page.seconds": Sentence("{seconds:,.1f} s", "{seconds:,.1f} 秒"),
    "page.minutes": Sentence("{minutes:,} min", "{minutes:,} 分钟"),
    # Approaches
    "page.approaches": Sentence("All approaches", "全部方法"),
    "page.approaches.lead": Sentence(
        "Every approach answered the same {pictures:,} test pictures, which none had seen. Best on validation first; "
        "a line spans the 95% interval, the dashed line is chance.",
        "所有方法回答同样的 {pictures:,} 张测试图片，学习时都没有见过它们。按验证集表现从好到差排列；"
        "横线为 95% 区间，虚线为随机水平。",
    ),
    "page.approaches.caption": Sentence("Approaches and their figures on the test part", "各方法在测试集上的指标"),
    "page.approach": Sentence("Approach", "方法"),
    "page.transfers": Sentence("transfer", "迁移"),
    "page.transfers.not": Sentence("no transfer", "无迁移"),
    "page.transfers.key": Sentence(
        "begins with a network that was trained on other pictures", "从在其他图片上训练过的网络出发"
    ),
    "page.transfers.not.key": Sentence("learns from these pictures alone", "只用这批图片学习"),
    "page.winner": Sentence("winner", "优胜"),
    "page.not_told_apart": Sentence("not told apart", "无法区分"),
    "page.not_told_apart.key": Sentence(
        "from the winner: the difference on test may be chance", "与优胜者：测试集上的差别可能出于偶然"
    ),
    "page.converged": Sentence("converged", "已收敛"),
    "page.converged.not": Sentence("not converged", "未收敛"),
    "page.chance_short": Sentence("chance", "随机"),
    "page.seconds.head": Sentence("Seconds", "秒"),
    "page.val": Sentence("Val accuracy", "验证集准确率"),
    "page.every_figure": Sentence("Every figure, with its interval", "全部指标及其区间"),
    "page.figure": Sentence("Figure", "指标"),
    "page.value": Sentence("Value", "值"),
    "page.interval.head": Sentence("95% interval", "95% 区间"),
    "figure.accuracy": Sentence("Accuracy", "准确率"),
    "figure.balanced_accuracy": Sentence("Balanced accuracy", "平衡准确率"),
    "figure.precision_macro": Sentence("Precision, mean of classes", "精确率（各类平均）"),
    "figure.recall_macro": Sentence("Recall, mean of classes", "召回率（各类平均）"),
    "figure.f1_macro": Sentence("F1, mean of classes", "F1（各类平均）"),
    "figure.precision_weighted": Sentence("Precision, weighted", "精确率（加权）"),
    "figure.recall_weighted": Sentence("Recall, weighted", "召回率（加权）"),
    "figure.f1_weighted": Sentence("F1, weighted", "F1（加权）"),
    "figure.mcc": Sentence("Matthews correlation", "马修斯相关系数"),
    "figure.log_loss": Sentence("Log loss", "对数损失"),
    "figure.top5_accuracy": Sentence("Top-5 accuracy", "前五准确率"),
    "figure.roc_auc_macro": Sentence("ROC AUC, mean of classes", "ROC AUC（各类平均）"),
    "figure.average_precision_macro": Sentence("Average precision, mean of classes", "平均精度（各类平均）"),
    "figure.ece": Sentence("Calibration error", "校准误差"),
    "figure.brier": Sentence("Brier score", "Brier 分数"),
    "column.balanced_accuracy": Sentence("Balanced", "平衡"),
    "column.f1_macro": Sentence("F1", "F1"),
    "column.mcc": Sentence("MCC", "MCC"),
    "column.log_loss": Sentence("Log loss", "对数损失"),
    "column.ece": Sentence("ECE", "ECE"),
    "column.roc_auc_macro": Sentence("AUC", "AUC"),
    "page.columns": Sentence(
        "Balanced: mean recall of the classes. F1: mean of the classes. MCC: Matthews correlation, 0 is chance. "
        "Log loss and ECE (expected calibration error): smaller is better. AUC: area under the ROC curve, one class "
        "against the rest.",
        "平衡：各类召回率的平均。F1：各类平均。MCC：马修斯相关系数，0 相当于随机。对数损失与 ECE（期望校准误差）："
        "越小越好。AUC：ROC 曲线下面积，一类对其余各类。",
    ),
    "page.backbone": Sentence("Network", "网络"),
    "page.weights": Sentence("Weights", "权重"),
    "page.chosen": Sentence("Chosen", "选定的设置"),
    "page.features": Sentence("Features", "特征"),
    "page.class_weight": Sentence("Class weights", "类别权重"),
    # Repeats
    "page.repeats": Sentence("Repeated with other seeds", "换随机种子重复"),
    "page.repeats.lead": Sentence(
        "{count:,} runs, each with a split of its own: the mean of the accuracies, and the range from the lowest to "
        "the highest.",
        "共 {count:,} 次运行，每次重新划分数据：准确率的平均值，以及从最低到最高的范围。",
    ),
    "page.repeats.caption": Sentence("Accuracy over all seeds", "各随机种子下的准确率"),
    "page.mean": Sentence("Mean", "平均"),
    "page.range": Sentence("Range", "范围"),
    "page.each": Sentence("Each", "逐次"),
    # Pairs
    "page.pairs": Sentence("What can be told apart", "哪些方法能区分"),
    "page.pairs.lead": Sentence(
        "Two approaches are compared picture by picture. Right of the line the first is better, left of it the second. "
        "A filled dot: they can be told apart, p < 0.05 after Holm's correction. A hollow one: they can't, which "
        "doesn't make them equal. The intervals are of each pair by itself, without that correction.",
        "逐张图片比较两种方法。竖线右侧表示前者较好，左侧表示后者较好。实心点：经 Holm 校正后 p < 0.05，可以区分；"
        "空心点：无法区分，但这并不说明两者相等。区间是每一对单独的区间，未作此校正。",
    ),
    "page.pairs.caption": Sentence("Planned comparisons: differences of accuracy", "预先计划的比较：准确率之差"),
    "page.pairs.exploratory": Sentence("All other pairs, exploratory: {count:,}", "其余各对（探索性）：{count:,}"),
    "page.pairs.exploratory.lead": Sentence(
        "These were not planned and are not corrected: of twenty pairs that don't differ, one has p < 0.05.",
        "这些比较不在计划之内，也未经校正：每二十对没有差别的方法中，平均会有一对 p < 0.05。",
    ),
    "page.pairs.exploratory.caption": Sentence("Exploratory comparisons", "探索性比较"),
    "page.pair": Sentence("Pair", "比较对象"),
    "page.against": Sentence("against", "对比"),
    "page.difference": Sentence("Difference", "差值"),
    "page.p_holm": Sentence("p (Holm)", "p（Holm）"),
    "page.p": Sentence("p", "p"),
    "page.only": Sentence("Right alone", "仅一方正确"),
    "page.only.is": Sentence("{a:,} : {b:,}", "{a:,} : {b:,}"),
    "page.told": Sentence("told apart", "可区分"),
    "page.told.not": Sentence("not told apart", "无法区分"),
    "page.test.mcnemar": Sentence("exact McNemar test", "McNemar 精确检验"),
    "page.test.sign-flip": Sentence("sign-flip permutation of groups", "按组的符号翻转置换检验"),
    "page.tests": Sentence("How p was computed:", "p 值的算法："),
    # Two runs
    "page.beside": Sentence("Beside another run", "与另一次运行对照"),
    "page.beside.same": Sentence("Both runs answered the same test pictures.", "两次运行回答的是同样的测试图片。"),
    "page.beside.differs": Sentence(
        "The test pictures differ, so the difference of the two runs can't be tested.",
        "测试图片不同，因此无法检验两次运行之间的差别。",
    ),
    "page.beside.caption": Sentence("Accuracy on test in both runs", "两次运行在测试集上的准确率"),
    "page.beside.this": Sentence("This run", "本次运行"),
    "page.beside.other": Sentence("The other run", "另一次运行"),
    "page.beside.pictures": Sentence("{pictures:,} test pictures", "{pictures:,} 张测试图片"),
    "page.beside.pair": Sentence("The winners, picture by picture", "两个优胜者逐张比较"),
    # Learning curve
    "page.curve": Sentence("How many more pictures?", "还需要多少图片？"),
    "page.curve.lead": Sentence(
        "Accuracy on test by training pictures per class. Small dots are single draws ({draws:,} of each size), lines "
        "their mean; dashed is what a power law predicts, with its 95% band, for twice and four times the pictures.",
        "测试集准确率随每类训练图片数的变化。小点为单次抽样（每种数量 {draws:,} 次），实线为平均；"
        "虚线为幂律对两倍和四倍图片数的预测，色带为 95% 区间。",
    ),
    "page.curve.label": Sentence(
        "Learning curve of {ids}: accuracy from {first:.3f} to {last:.3f} for the best approach, with {few:,} to "
        "{many:,} training pictures per class.",
        "{ids} 的学习曲线：每类训练图片从 {few:,} 张到 {many:,} 张，最好方法的准确率从 {first:.3f} 变到 {last:.3f}。",
    ),
    "page.curve.across": Sentence("training pictures per class (logarithmic)", "每类训练图片数（对数刻度）"),
    "page.curve.upwards": Sentence("accuracy on test", "测试集准确率"),
    "page.curve.caption": Sentence("Measured and predicted accuracy", "实测与预测的准确率"),
    "page.curve.table": Sentence("The numbers behind the curve", "曲线背后的数字"),
    "page.per_class": Sentence("Per class", "每类张数"),
    "page.pictures": Sentence("Pictures", "图片"),
    "page.predicted": Sentence("predicted", "预测"),
    "page.measured": Sentence("measured", "实测"),
    "page.kind": Sentence("Kind", "类型"),
    # Training
    "page.training": Sentence("How networks were trained", "网络的训练过程"),
    "page.training.lead": Sentence(
        "After each epoch: on train (solid) and on val (dashed). The upright line is the epoch whose weights were "
        "kept. A network that hadn't converged may do better with more time, so it isn't beaten yet.",
        "每轮之后的结果：训练集（实线）与验证集（虚线）。竖线为保留权重的那一轮。"
        "尚未收敛的网络多训练一些时间可能更好，所以还不能算输。",
    ),
    "page.training.loss": Sentence("Loss", "损失"),
    "page.training.accuracy": Sentence("Accuracy", "准确率"),
    "page.training.loss.label": Sentence(
        "Loss of {id} over {epochs:,} epochs: on train from {first:.3f} to {last:.3f}, on val from {val_first:.3f} to "
        "{val_last:.3f}.",
        "{id} 在 {epochs:,} 轮中的损失：训练集从 {first:.3f} 到 {last:.3f}，"
        "验证集从 {val_first:.3f} 到 {val_last:.3f}。",
    ),
    "page.training.accuracy.label": Sentence(
        "Accuracy of {id} over {epochs:,} epochs: on train from {first:.3f} to {last:.3f}, on val from {val_first:.3f} "
        "to {val_last:.3f}.",
        "{id} 在 {epochs:,} 轮中的准确率：训练集从 {first:.3f} 到 {last:.3f}，"
        "验证集从 {val_first:.3f} 到 {val_last:.3f}。",
    ),
    "page.training.epochs": Sentence("epoch", "轮次"),
    "page.training.facts": Sentence(
        "{run:,} of {planned:,} epochs, best {best:,}", "{planned:,} 轮中训练了 {run:,} 轮，第 {best:,} 轮最好"
    ),
    "page.training.budget": Sentence("budget {seconds:,.0f} s", "预算 {seconds:,.0f} 秒"),
    "page.train": Sentence("train", "训练集"),
    "page.val.short": Sentence("val", "验证集"),
    "page.test.short": Sentence("test", "测试集"),
    # Probabilities
    "page.reliability": Sentence("Can its probabilities be believed?", "它给出的概率可信吗？"),
    "page.reliability.lead": Sentence(
        "Test pictures by how sure {id} was. On the dashed line, being right is as frequent as it said; below, it was "
        "too sure. Bars show how many pictures there are.",
        "按 {id} 的把握程度给测试图片分组。落在虚线上，说明答对的频率与它所说一致；落在下方，说明过于自信。"
        "底部的柱表示图片数量。",
    ),
    "page.reliability.label": Sentence(
        "Reliability curve of {id}: its calibration error is {ece:.3f}.", "{id} 的可靠性曲线：校准误差为 {ece:.3f}。"
    ),
    "page.reliability.across": Sentence("probability it gave", "给出的概率"),
    "page.reliability.upwards": Sentence("share that was right", "答对的比例"),
    "page.reliability.bin": Sentence(
        "{pictures:,} pictures: said {confidence:.3f}, right {accuracy:.3f}",
        "{pictures:,} 张图片：给出 {confidence:.3f}，答对 {accuracy:.3f}",
    ),
    "page.reliability.caption": Sentence("The numbers behind the curve", "曲线背后的数字"),
    "page.said": Sentence("Said", "给出"),
    "page.right": Sentence("Right", "答对"),
    "page.operating": Sentence("Operating point", "工作点"),
    "page.operating.is": Sentence(
        "“{positive}” is answered from a probability of {threshold:.3f} on. The threshold was chosen on {side}; these "
        "are its figures on test.",
        "概率达到 {threshold:.3f} 时回答“{positive}”。阈值在{side}上选定；以下为测试集上的结果。",
    ),
    "page.sensitivity": Sentence("Sensitivity", "灵敏度"),
    "page.specificity": Sentence("Specificity", "特异度"),
    "page.sensitivity.is": Sentence("share of “{positive}” that is found", "“{positive}”中被找出的比例"),
    "page.specificity.is": Sentence("share of “{negative}” that is left alone", "“{negative}”中未被误判的比例"),
    # Confusions
    "page.confusion": Sentence("What is confused", "哪些类别被混淆"),
    "page.confusion.lead": Sentence(
        "Answers of {id} on test: a row for each true class, a column for each answer. Classes that are confused "
        "stand together.",
        "{id} 对测试图片的回答：每行一个真实类别，每列一个回答。互相混淆的类别排在一起。",
    ),
    "page.confusion.caption": Sentence(
        "Test pictures by class (rows) and answer (columns)", "测试图片：行为真实类别，列为回答"
    ),
    "page.confusion.label": Sentence(
        "Confusion matrix of {classes:,} classes: {right:,} of {pictures:,} test pictures are right, {pairs:,} pairs "
        "of classes are confused.",
        "{classes:,} 个类别的混淆矩阵：{pictures:,} 张测试图片中答对 {right:,} 张，有 {pairs:,} 对类别被混淆。",
    ),
    "page.confusion.cell": Sentence(
        "{true} taken for {predicted}: {count:,} of {of:,}", "{true} 被认作 {predicted}：{of:,} 张中 {count:,} 张"
    ),
    "page.confusion.right": Sentence("{true}: {count:,} of {of:,} right", "{true}：{of:,} 张中答对 {count:,} 张"),
    "page.confusion.key": Sentence("Darker: a larger share of the class.", "颜色越深，占该类的比例越大。"),
    "page.confusion.right.key": Sentence("right", "正确"),
    "page.confusion.wrong.key": Sentence("wrong", "错误"),
    "page.confusion.none": Sentence("No test picture was confused.", "没有测试图片被认错。"),
    "page.confused": Sentence("Most frequent confusions", "最常见的混淆"),
    "page.confused.true": Sentence("Class", "真实类别"),
    "page.confused.predicted": Sentence("Taken for", "被认作"),
    "page.confused.count": Sentence("Pictures", "张数"),
    "page.confused.of": Sentence("{count:,} of {of:,}", "{count:,} / {of:,}"),
    "page.true_by_answer": Sentence("True class", "真实类别"),
    # Classes
    "page.classes": Sentence("Class by class", "逐类结果"),
    "page.classes.lead": Sentence(
        "The hardest first. Recall: how many of the class are found. Precision: how many answers of this class are "
        "right.",
        "最难的在前。召回率：该类图片中被找出的比例。精确率：回答为该类的图片中正确的比例。",
    ),
    "page.classes.caption": Sentence("Figures of each class on test", "各类别在测试集上的指标"),
    "page.classes.all": Sentence("All classes: {count:,}", "全部类别：{count:,}"),
    "page.classes.hardest": Sentence("The {count:,} hardest classes on test", "测试集上最难的 {count:,} 个类别"),
    "page.class": Sentence("Class", "类别"),
    "page.recall": Sentence("Recall", "召回率"),
    "page.precision": Sentence("Precision", "精确率"),
    "page.f1": Sentence("F1", "F1"),
    "page.auc": Sentence("AUC", "AUC"),
    "page.absent": Sentence("absent from test", "测试集中没有"),
    "page.classes.more": Sentence(
        "Another {count:,} stand in results.json beside this page.", "其余 {count:,} 个见本页旁的 results.json。"
    ),
    # Pictures
    "page.mistakes": Sentence("Its most confident mistakes", "把握最大的错误"),
    "page.mistakes.lead": Sentence(
        "{id} was wrong on {count:,} test pictures. These are the ones it was surest of.",
        "{id} 答错了 {count:,} 张测试图片。以下是它把握最大的几张。",
    ),
    "page.mistakes.none": Sentence("{id} made no mistake on test.", "{id} 在测试集上没有答错。"),
    "page.is": Sentence("is", "实为"),
    "page.taken_for": Sentence("taken for", "认作"),
    "page.labelled": Sentence("labelled", "标为"),
    "page.looks_like": Sentence("looks like", "更像"),
    "page.show_more": Sentence("Show {count:,} more", "再显示 {count:,} 个"),
    "page.names_alone": Sentence("This page names pictures without showing them.", "本页只列出图片名称，不显示图片。"),
    "page.suspects": Sentence("Labels worth a second look", "值得复查的标签"),
    "page.suspects.lead": Sentence(
        "{found:,} of {checked:,} pictures in train and val may carry the wrong label: asked of each, a model that "
        "had learnt from the others (features of {on}) says another class. Is it right? Look before changing anything.",
        "训练集和验证集的 {checked:,} 张图片中，有 {found:,} 张的标签可能有误：用其余图片（{on} 特征）学习的模型"
        "认为它们属于另一类。它说得对吗？修改之前请先看图。",
    ),
    "page.suspects.none": Sentence(
        "None of {checked:,} pictures in train and val looks as if it carried the wrong label.",
        "训练集和验证集的 {checked:,} 张图片中，没有看上去标错的。",
    ),
    "page.suspects.suggestions": Sentence("In train and val", "训练集和验证集"),
    "page.suspects.test": Sentence("In test", "测试集"),
    "page.suspects.test.lead": Sentence(
        "Pictures of the test part that look odd too: {count:,}. No suggestion is given: correcting test labels with "
        "the model's help would flatter it, and a changed test part voids this comparison.",
        "测试集中也有 {count:,} 张图片看上去可疑。这里不给建议：借助模型修改测试标签会美化它的成绩，"
        "而改动测试集会使这次比较作废。",
    ),
    "page.attention": Sentence("Where it looks", "它看哪里"),
    "page.attention.lead.cam": Sentence(
        "What spoke for the answer of {id}: warm places raised its score (class activation maps).",
        "{id} 作答的依据：暖色区域提高了该回答的得分（类激活图）。",
    ),
    "page.attention.lead.occlusion": Sentence(
        "What the answer of {id} rests on: covering warm places lowers its probability (occlusion).",
        "{id} 作答的依据：遮住暖色区域会降低该回答的概率（遮挡法）。",
    ),
    "page.hit": Sentence("right", "正确"),
    "page.miss": Sentence("wrong", "错误"),
    "page.attention.picture": Sentence("{path}", "{path}"),
    "page.attention.overlay": Sentence("{path}, with the places that count", "{path}，叠加起作用的区域"),
    "page.map": Sentence("A map of the features", "特征地图"),
    "page.map.lead": Sentence(
        "Every sign is a picture; those that look alike to {of} lie close together ({method}). Distances between "
        "groups mean little. Rings are pictures that the winner got wrong.",
        "每个符号是一张图片；在 {of} 看来相似的图片靠得近（{method}）。群与群之间的距离没有多少意义。"
        "带圈的是优胜者答错的图片。",
    ),
    "page.map.lead.many": Sentence(
        "Every sign is a picture; those that look alike to {of} lie close together ({method}). Distances between "
        "groups mean little. Squares are pictures that the winner got wrong.",
        "每个符号是一张图片；在 {of} 看来相似的图片靠得近（{method}）。群与群之间的距离没有多少意义。"
        "方块是优胜者答错的图片。",
    ),
    "page.map.label": Sentence(
        "Map of {pictures:,} pictures of {classes:,} classes, of which {wrong:,} were answered wrongly.",
        "{classes:,} 个类别 {pictures:,} 张图片的特征地图，其中 {wrong:,} 张答错。",
    ),
    "page.map.point": Sentence("{path}: {true}, taken for {predicted}", "{path}：{true}，被认作 {predicted}"),
    "page.map.ringed": Sentence("answered wrongly", "答错"),
    "page.layers": Sentence("What the first layers see", "最初几层看到了什么"),
    "page.layers.lead": Sentence(
        "Maps of {of} for one picture, from its first layers on: each answers to one kind of edge, colour or texture.",
        "{of} 最初几层对一张图片的特征图：每张图对应一种边缘、颜色或纹理。",
    ),
    "page.layers.shape": Sentence(
        "{height:,} × {width:,}, {channels:,} maps", "{height:,} × {width:,}，{channels:,} 张特征图"
    ),
    "page.layers.map": Sentence("a map of {layer}", "{layer} 的特征图"),
    # Data, what went wrong, cost
    "page.findings": Sentence("What the data is like", "数据的情况"),
    "page.findings.none": Sentence("The checks of the data found nothing.", "数据检查没有发现问题。"),
    "page.findings.advice": Sentence("What to do:", "怎么办："),
    "page.findings.count": Sentence("{count:,} found", "共 {count:,} 处"),
    "page.findings.skipped": Sentence("Files that were skipped: {count:,}", "跳过的文件：{count:,}"),
    "page.findings.pictures": Sentence(
        "Pictures per class, from {least:,} to {most:,}", "每类图片数，从 {least:,} 到 {most:,}"
    ),
    "page.severity.error": Sentence("Error", "错误"),
    "page.severity.warning": Sentence("Warning", "警告"),
    "page.severity.note": Sentence("Note", "提示"),
    "page.source": Sentence("Pretrained on a source of one's own", "在自有源数据上预训练"),
    "page.not_run": Sentence("What wasn't run", "没有运行的方法"),
    "page.not_run.caption": Sentence("Approaches without figures, and why", "没有结果的方法及原因"),
    "page.not_run.why": Sentence("Why", "原因"),
    "page.not_run.missing": Sentence("not installed", "未安装"),
    "page.not_run.failed": Sentence("failed", "出错"),
    "page.not_run.stopped": Sentence("stopped before", "尚未运行就已停止"),
    "page.warnings": Sentence("Warnings", "警告"),
    "page.cost": Sentence("What it cost", "花费"),
    "page.cost.lead": Sentence(
        "Seconds on this machine. Features are kept, so an approach that uses another's has them for less.",
        "在本机所用的秒数。特征会保存下来，所以沿用其他方法特征的方法用时较少。",
    ),
    "page.cost.caption": Sentence("Seconds of each approach", "各方法用时（秒）"),
    "page.cost.features": Sentence("features", "提取特征"),
    "page.cost.learning": Sentence("learning", "学习"),
    "page.cost.predicting": Sentence("predicting", "预测"),
    "page.cost.total": Sentence("together", "合计"),
    "page.reproduce": Sentence("How to reproduce", "如何复现"),
    "page.reproduce.lead": Sentence(
        "The same command on the same pictures draws the same split and fits the same models.",
        "对同样的图片运行同样的命令，会得到同样的划分和同样的模型。",
    ),
    "page.reproduce.command": Sentence("Command", "命令"),
    "page.reproduce.split": Sentence("Split: {rule}, seed {seed}.", "划分：{rule}，随机种子 {seed}。"),
    "page.reproduce.hash.data": Sentence("pictures and labels", "图片与标签"),
    "page.reproduce.hash.split": Sentence("split", "划分"),
    "page.reproduce.hash.weights": Sentence("weights of {id}", "{id} 的权重"),
    "page.reproduce.versions": Sentence("Versions", "版本"),
    "page.reproduce.settings": Sentence("Settings", "设置"),
    "page.reproduce.method": Sentence(
        "Intervals hold 95%: Wilson's for accuracy (by clusters where pictures are grouped), bootstrap for the rest. "
        "They describe these fitted models on pictures like these; claims about methods need repeats with other seeds.",
        "区间均为 95%：准确率用 Wilson 区间（图片成组时按组计算），其余用自助法。"
        "它们描述的是这些已拟合的模型在此类图片上的表现；要对方法下结论，需要换随机种子重复。",
    ),
}
